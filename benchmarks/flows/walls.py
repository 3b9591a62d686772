"""What code of one instance can reach of other instances, and of the machine."""

import asyncio
import builtins
import os
import subprocess
from pathlib import Path

from workers import WorkflowEntrypoint, fetch


def _host():
    """Node, where JavaScript is at hand."""
    import js  # noqa: PLC0415 - only there

    return js.process


def _file(payload):
    try:
        return Path(payload["file"]).read_text(encoding="utf-8") == "reached"
    except OSError:
        return _host().getBuiltinModule("node:fs").existsSync(payload["file"])


def _environment(payload):
    return (os.environ.get(payload["variable"]) or getattr(_host().env, payload["variable"])) == "reached"


async def _network(payload):
    return await (await fetch(f"http://127.0.0.1:{payload['port']}/")).text() == "reached"


def _process(_payload):
    try:
        subprocess.run(["true"], check=True)
    except OSError:
        _host().getBuiltinModule("node:child_process").execFileSync("true")
    return True


async def _reaches(look, payload):
    try:
        found = look(payload)
        return bool(await found if asyncio.iscoroutine(found) else found)
    except BaseException:  # noqa: BLE001 - however a wall says no
        return False


class Walls(WorkflowEntrypoint):
    """Tries, and says what can be reached."""

    async def run(self, event, step):
        """Look, and leave a mark for the next instance."""
        payload = event["payload"]

        @step.do("look")
        async def look():
            before = getattr(builtins, "mark", None)
            builtins.mark = "left by another instance"
            looks = {"files": _file, "environment": _environment, "network": _network, "processes": _process}
            return {
                "instances": before is not None,
                **{name: await _reaches(each, payload) for name, each in looks.items()},
            }

        return await look()


class Held(WorkflowEntrypoint):
    """Stays in a step, in its interpreter."""

    async def run(self, event, step):
        """Stay for so many seconds."""

        @step.do("stay", config={"timeout": "5 minutes"})
        async def stay():
            await asyncio.sleep(event["payload"]["seconds"])

        await stay()
