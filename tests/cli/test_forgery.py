"""A workflow speaks for no instance of another project, whichever runtimes the two have."""

import pytest

VICTIM = """
    from workers import WorkflowEntrypoint

    class Victim{number}(WorkflowEntrypoint):
        async def run(self, event, step):
            sent = await step.wait_for_event("approval", "go", timeout="1 hour")
            return {{"approved": sent["payload"]}}
"""
JAVASCRIPT_VICTIM = """
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Victim3 extends WorkflowEntrypoint {
      async run(event, step) {
        const sent = await step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
        return { approved: sent.payload };
      }
    }
"""
ATTACKER = """
    import gc

    from workers import WorkflowEntrypoint

    class Attacker(WorkflowEntrypoint):
        async def run(self, event, step):
            sessions = [each for each in gc.get_objects() if type(each).__name__ == "Session"]
            for session in sessions:
                for number in range(1, 60):
                    if number != session.pass_:
                        session._link.post_value('{"type":"end","pass":%d' % number, '{"approved":"FORGED"}')
                        forged = {"name": "E", "message": "FORGED"}
                        session._link.post({"type": "fail", "pass": number, "error": forged})
            await step.sleep("waits", 2000)
            return len(sessions)
"""
JAVASCRIPT_ATTACKER = """
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Attacker extends WorkflowEntrypoint {
      async run(event, step) {
        const ports = process._getActiveHandles().filter((each) => typeof each.postMessage === "function");
        for (const port of ports)
          for (let pass = 1; pass < 60; pass++)
            port.postMessage(`[{"type":"end","pass":${pass}}]\\n{"approved":"FORGED"}`);
        await step.sleep("waits", 2000);
        return ports.length;
      }
    }
"""
RUNTIMES = ("pyodide", "cpython", "wasmtime")


@pytest.mark.parametrize("attacker", [*RUNTIMES, "javascript"])
def test_forged_end(place, attacker):
    """Whatever a workflow sends about passes of others, these wait on, and end with what they are sent."""
    victims = []
    for number, runtime in enumerate(RUNTIMES):
        place.write(f"victim{number}/flow.py", VICTIM.format(number=number))
        options = ("--runtime", runtime)
        victims.append(place.start("run", f"victim{number}/flow.py", "--id", "v", *options, "--state", "s.sqlite"))
        victims[-1].read_until("approval")
    place.write("victim3/flow.mjs", JAVASCRIPT_VICTIM)
    victims.append(place.start("run", "victim3/flow.mjs", "--id", "v", "--state", "s.sqlite"))
    victims[-1].read_until("approval")
    is_javascript = attacker == "javascript"
    place.write(
        "attack/flow.mjs" if is_javascript else "attack/flow.py", JAVASCRIPT_ATTACKER if is_javascript else ATTACKER
    )
    options = ("attack/flow.mjs",) if is_javascript else ("attack/flow.py", "--runtime", attacker)

    place.run("run", *options, "--id", "a", "--state", "s.sqlite", "--quiet")

    for number in range(len(victims)):
        sent = ("send-event", f"Victim{number}", "v", "--type", "go", "--payload", '"right"')
        assert 0 == place.run("workflows", "instances", *sent, "--state", "s.sqlite").code
    assert [{"approved": "right"}] * len(victims) == [victim.wait().json for victim in victims]
