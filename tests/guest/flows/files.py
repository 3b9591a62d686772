"""What a workflow can do to the files that it sees."""

import os
import pathlib

from workers import WorkflowEntrypoint

HERE = pathlib.Path(__file__)


def attempts():
    new = HERE.parent / "new"
    return {
        "create": lambda: new.write_text("x"),
        "append": lambda: HERE.open("a"),
        "update": lambda: HERE.open("r+"),
        "truncate": lambda: os.truncate(HERE, 0),
        "mkdir": new.mkdir,
        "unlink": HERE.unlink,
        "rename": lambda: HERE.rename(new),
        "chmod": lambda: HERE.chmod(0o777),
        "touch": lambda: os.utime(HERE),
        "symlink": lambda: new.symlink_to("x"),
    }


class Writer(WorkflowEntrypoint):
    async def run(self, event, step):
        told = {}
        for name, attempt in attempts().items():
            try:
                attempt()
                told[name] = None
            except OSError as error:
                told[name] = error.strerror
        return told


class Reader(WorkflowEntrypoint):
    async def run(self, event, step):
        own = pathlib.Path("/tmp/own")
        own.write_text(HERE.read_text().splitlines()[0])
        return [own.read_text(), HERE in HERE.parent.iterdir()]
