"""What is killed half-way: every step tells a ledger that no crash of the engine can touch."""

import os
import time

from js import Object
from pyodide_js import FS

from workers import WorkflowEntrypoint

MOUNT = "/ledger"
ledgers = {}


def note(path, line):
    """Append a line in one write, so that no kill leaves half of it."""
    if path not in ledgers:
        ledgers[path] = open_ledger(path)
    os.write(ledgers[path], f"{line}\n".encode())


def open_ledger(path):
    """Open a file of the machine's: what a workflow sees of its own folder cannot be written."""
    folder, name = os.path.split(path)
    FS.mkdirTree(MOUNT)
    FS.mount(FS.filesystems.NODEFS, Object.fromEntries([["root", folder]]), MOUNT)
    return os.open(f"{MOUNT}/{name}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)


async def noted(step, ledger, line):
    """Run one step that tells the ledger."""

    @step.do(line)
    async def work():
        note(ledger, line)

    await work()


class Noted(WorkflowEntrypoint):
    """Ten steps, from a moment on that all instances share, so that they are all half-way at once."""

    async def run(self, event, step):
        """Run."""
        await step.sleep("start", max(0, event["payload"]["start"] - time.time() * 1000))
        for number in range(10):
            await noted(step, event["payload"]["ledger"], f"{event['instanceId']}:{number}")
        return True


class Keeper(WorkflowEntrypoint):
    """Keeps `stepwell run`, and with it the host, alive while the others run."""

    async def run(self, event, step):
        """Wait."""
        await step.wait_for_event("end", "end")
