"""Code that looks around for what is the host's."""

import os
from pathlib import Path

import js
from pyodide.code import run_js
from workers import WorkflowEntrypoint

HERE = Path(__file__).parent


class Files(WorkflowEntrypoint):
    async def run(self, event, step):
        folder = Path(event["payload"])
        found = {}
        for name in (".dev.vars", ".stepwell/state.sqlite", "vars.txt", "shown/.hidden", "data.txt", "shown/data.txt"):
            try:
                found[name] = (HERE / name).read_text()
            except OSError as error:
                found[name] = type(error).__name__
        return [found, sorted(path.name for path in HERE.iterdir()), sorted(os.environ), folder == HERE]


class Mounts(WorkflowEntrypoint):
    async def run(self, event, step):
        import pyodide_js

        said = []
        try:
            pyodide_js.mountNodeFS("/machine", "/")
            said.append([path.name for path in Path("/machine").iterdir()])
        except Exception as error:
            said.append(type(error).__name__)
        return [*said, hasattr(pyodide_js.FS.filesystems, "NODEFS")]


class Looking(WorkflowEntrypoint):
    async def run(self, event, step):
        found = {}
        for script in event["payload"]["scripts"]:
            try:
                found[script] = str(await settled(run_js(script)))
            except Exception as error:
                found[script] = str(error)
        return found


class Ways(WorkflowEntrypoint):
    async def run(self, event, step):
        tell = "return typeof process"
        found = {
            "js.eval": js.eval("typeof process"),
            "js.Function": js.Function.new(tell)(),
            "a function's constructor": js.setTimeout.constructor.new(tell)(),
            "an async function's constructor": await run_js("async () => {}").constructor.new(tell)(),
            "run_js": run_js("typeof globalThis.process"),
            "os.system": os.system("true"),
            "os.getuid": os.getuid(),
        }
        try:
            found["js.process"] = str(js.process)
        except AttributeError:
            found["js.process"] = "AttributeError"
        return found


async def settled(value):
    return await value if hasattr(value, "then") else value
