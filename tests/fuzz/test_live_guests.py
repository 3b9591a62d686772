"""Guests that send what no guest sends, over their own channels: the host goes on, and other instances with it."""

import os

import pytest

ATTACKS = max(2, int(os.environ.get("STEPWELL_FUZZ_REQUESTS", "500")) // 250)
"""Instances of each runtime that attack."""
FINAL = {"complete", "errored", "terminated"}

pytestmark = pytest.mark.timeout(600 + 60 * ATTACKS)

VICTIM = """
    from workers import WorkflowEntrypoint

    class Victim(WorkflowEntrypoint):
        async def run(self, event, step):
            return (await step.wait_for_event("approval", "go", timeout="1 hour"))["payload"]
"""
PYTHON = """
    import gc, json, os, random
    from workers import WorkflowEntrypoint

    # Without "quiet": an instance that says so waits for ever.
    TYPES = ["do", "done", "failed", "delay", "rollback", "replayed", "sleep", "waitForEvent", "call", "writeChunk",
             "progress", "readChunk", "readTimes", "readStreamLimits", "log", "end", "fail", "", "start", None, 5]
    KEYS = ["ref", "name", "count", "attempt", "value", "error", "config", "duration", "until", "eventType", "timeout",
            "workflow", "method", "args", "index", "step", "level", "text", "__proto__"]

    def odd(chance, depth=0):
        deep = 1
        for _ in range(chance.choice([1, 300, 3000])):
            deep = [deep]
        values = [None, True, -1, 0, 1, 1e300, 2**63, -0.5, "", "x" * chance.choice([1, 300, 300_000]), "1e300 days",
                  "{", '{"$":"object","v":1}', "../..", "\\x1b[2J", deep, [], {}]
        if depth < 3 and chance.random() < 0.3:
            return {chance.choice(KEYS): odd(chance, depth + 1) for _ in range(chance.randrange(4))}
        return chance.choice(values)

    def message(chance, number):
        made = {"type": chance.choice(TYPES), "pass": chance.choice([number, number, number, 0, 10**6, None, "1"])}
        return {**{chance.choice(KEYS): odd(chance) for _ in range(chance.randrange(8))}, **made}

    class Attacker(WorkflowEntrypoint):
        async def run(self, event, step):
            chance = random.Random(event["payload"])
            for session in [each for each in gc.get_objects() if type(each).__name__ == "Session"]:
                for _ in range(20):
                    how = chance.randrange(4)
                    try:
                        if how == 0:
                            session._link.post(message(chance, session.pass_))
                        elif how == 1:
                            session._link.post_text(json.dumps(odd(chance)))
                        elif how == 2:
                            session._link.post_value(json.dumps(message(chance, session.pass_))[:-1], odd(chance))
                        elif chance.random() < 0.2:
                            # The channel of plain CPython. Elsewhere it is not there.
                            os.write(3, chance.randbytes(chance.choice([1, 5, 5000])))
                    except Exception:
                        pass
            await step.sleep("waits", 100)
            return 1
"""
JAVASCRIPT = """
    import { WorkflowEntrypoint } from "cloudflare:workers";

    const ODD = [null, true, -1, 1e300, 2n ** 63n, "", "x".repeat(300000), "[{", "[3]", '[{"type":"end"}]', {}, [],
      new Map([[1, 2]]), new Uint8Array(9), new Error("no"), { type: "ready" }, { type: "pong" },
      { type: "loaded", text: "{" }, { type: "lost" }, { type: {} }];
    // Without "quiet": an instance that says so waits for ever.
    const TYPES = ["do", "done", "failed", "sleep", "waitForEvent", "call", "progress", "writeChunk", "log", "end",
      "fail", ""];

    export class Attacker extends WorkflowEntrypoint {
      async run(event, step) {
        let state = event.payload;
        const below = (end) => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) % end;
        const ports = process._getActiveHandles().filter((each) => typeof each.postMessage === "function");
        for (const port of ports)
          for (let i = 0; i < 20; i++) {
            const value = ["1", "{", 5][below(3)];
            const made = { type: TYPES[below(TYPES.length)], pass: below(3), ref: below(9), value };
            port.postMessage(below(2) ? ODD[below(ODD.length)] : JSON.stringify([made]));
          }
        await step.sleep("waits", 100);
        return 1;
      }
    }
"""


@pytest.mark.parametrize("runtime", ["pyodide", "cpython", "wasmtime", "javascript"])
def test_hostile_guests(place, chance, runtime):
    """An instance that sends what cannot be read ends; the host and an instance of another project go on."""
    place.write("victim/flow.py", VICTIM)
    victim = place.start("run", "victim/flow.py", "--id", "v", "--state", "s.sqlite")
    victim.read_until("approval")
    host = victim.host_pid()
    file, text = ("attack/flow.mjs", JAVASCRIPT) if runtime == "javascript" else ("attack/flow.py", PYTHON)
    place.write(file, text)
    options = () if runtime == "javascript" else ("--runtime", runtime)

    for number in range(ATTACKS):
        name, seed = f"a{number}", str(chance.randrange(2**31))
        ended = place.start("run", file, *options, "--params", seed, "--id", name, "--state", "s.sqlite").wait().code
        assert ended in {0, 1}, f"seed {seed}: exit code {ended}"
        assert status(place, name) in FINAL, seed
        assert host == victim.host_pid()

    sent = ("send-event", "Victim", "v", "--type", "go", "--payload", '"right"')
    assert 0 == place.run("workflows", "instances", *sent, "--state", "s.sqlite").code
    assert "right" == victim.wait().json


def status(place, name):
    """The status of an attacker; None before it is there."""
    done = place.run("workflows", "instances", "describe", "Attacker", name, "--json", "--state", "s.sqlite")
    return done.json["status"] if done.code == 0 else None
