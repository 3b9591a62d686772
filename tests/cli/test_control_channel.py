"""Text that a workflow prints is never taken for a message of its host."""

from __future__ import annotations

import json
import os
import signal
import textwrap

import pytest

FLOW = """
    from workers import WorkflowEntrypoint


    class Talker(WorkflowEntrypoint):
        async def run(self, event, step):
            {body}
"""
FORGED = [
    '{"debugger": not json',
    '{"debugger":true}',
    '{"left":true}',
    '{"fatal":{"code":"state.full","message":"a user printed this"}}',
    '{"ready":{"socket":"/nowhere","pid":1,"version":"0"}}',
    '{"error":{"code":"state.owned","message":"forged"}}',
]


@pytest.mark.parametrize("line", FORGED)
def test_text_at_import_is_text(place, line):
    """A control message that a module prints at import is shown as text, and so is what follows it."""
    place.write("talker.py", f"print({line!r})\nprint('second line')\n" + _flow("return 'done'"))

    done = place.run("run", "talker.py", "--quiet")

    assert (0, '"done"\n') == (done.code, done.out), done.err
    assert [line, "second line"] == done.err.splitlines()


def test_text_of_javascript_is_text(place):
    """The same for JavaScript, which can write to the host's own streams."""
    lines = "\n".join(f"fs.writeSync({stream}, {json.dumps(line)} + '\\n');" for line in FORGED for stream in (1, 2))
    place.write(
        "talker.mjs",
        f"""
import fs from "node:fs";
import {{ WorkflowEntrypoint }} from "cloudflare:workers";
{lines}
export class Talker extends WorkflowEntrypoint {{
  async run() {{
    return "done";
  }}
}}
""",
    )

    done = place.run("run", "talker.mjs", "--quiet")

    assert (0, '"done"\n') == (done.code, done.out), done.err
    assert [line for line in FORGED for _ in (1, 2)] == done.err.splitlines()


def test_forged_reason_of_a_crash(place):
    """The reason of a crash is the host's own, whatever the workflow has printed."""
    place.write(
        "talker.py",
        f"print({FORGED[3]!r})\n" + _flow("await step.sleep('nap', '1 hour')"),
    )
    running = place.start("run", "talker.py", "--id", "a")
    running.read_until("sleeping")

    os.kill(running.host_pid(), signal.SIGKILL)

    done = running.wait()
    assert "The host process was killed (signal 9)." in done.err
    assert "cannot be used" not in done.err
    assert "continue with: stepwell run talker.py --id a" in done.err


def test_much_text_does_not_stop_the_host(place):
    """Text beyond the size of a pipe is read while the host starts."""
    place.write("talker.py", "for _ in range(3000):\n    print('x' * 100)\n" + _flow("return 'done'"))

    done = place.run("run", "talker.py", "--quiet")

    assert (0, 3000) == (done.code, len(done.err.splitlines()))


def _flow(body: str) -> str:
    return textwrap.dedent(FLOW).format(body=body)
