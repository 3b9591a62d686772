"""Which runtime runs a workflow, and that plain CPython is one."""

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from places import Terminal

from stepwell.exceptions import InputError
from stepwell.runtimes import choose_runtime

FLOW = """
import asyncio, os, sys
from workers import WorkflowEntrypoint

class Where(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def look():
            print("from a step")
            os.system("echo from a child")
            await asyncio.to_thread(print, "from a thread")
            return [sys.platform, sys.executable]

        return await look()
"""


def test_untrusted(tmp_path):
    """Code that is not trusted runs in the sandbox, or not at all."""
    assert "wasmtime" == choose_runtime(tmp_path / "flow.py", untrusted=True)["name"]
    assert "wasmtime" == choose_runtime(tmp_path / "flow.py", "wasmtime", untrusted=True)["name"]
    for file, name in (("flow.mjs", None), ("flow.py", "pyodide"), ("flow.py", "cpython")):
        with pytest.raises(InputError, match="--untrusted"):
            choose_runtime(tmp_path / file, name, untrusted=True)


def test_untrusted_project(tmp_path):
    """A project cannot choose another runtime for itself."""
    (tmp_path / "pyproject.toml").write_text('[tool.stepwell]\nruntime = "cpython"\n', encoding="utf-8")

    assert "wasmtime" == choose_runtime(tmp_path / "flow.py", untrusted=True)["name"]


def test_the_suffix_decides(tmp_path):
    """Where nothing is said, Python runs in Pyodide and JavaScript in Node."""
    assert {"name": "pyodide"} == choose_runtime(tmp_path / "flow.py")
    assert {"name": "javascript"} == choose_runtime(tmp_path / "flow.ts")


def test_a_python_asks_for_cpython(tmp_path):
    """`--python` alone says which runtime is meant."""
    assert {"name": "cpython", "python": sys.executable} == choose_runtime(tmp_path / "flow.py", python=sys.executable)


def test_the_project_decides(tmp_path):
    """`[tool.stepwell]` of the nearest pyproject.toml is asked, and a command overrules it."""
    (tmp_path / "pyproject.toml").write_text('[tool.stepwell]\nruntime = "cpython"\npython = "bin/python"\n')
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("")
    python.chmod(0o755)
    main = tmp_path / "src" / "flow.py"

    assert {"name": "cpython", "python": str(python)} == choose_runtime(main)
    assert {"name": "pyodide"} == choose_runtime(main, "pyodide")


def test_the_projects_own_environment(tmp_path):
    """cpython takes the project's virtual environment, else the Python that runs the command."""
    (tmp_path / "pyproject.toml").write_text("")
    main = tmp_path / "src" / "flow.py"
    assert {"name": "cpython", "python": sys.executable} == choose_runtime(main, "cpython")

    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)

    assert {"name": "cpython", "python": str(python)} == choose_runtime(main, "cpython")


@pytest.mark.parametrize(
    ("name", "runtime", "python", "words"),
    [
        ("flow.py", "jython", None, "There is no runtime 'jython' for Python workflows. There are pyodide, cpython"),
        ("flow.py", "cpython", "no/such", "'no/such' is not a Python"),
        ("flow.py", "pyodide", sys.executable, "--python is for --runtime cpython"),
        ("flow.ts", "cpython", None, "flow.ts runs in runtime javascript"),
    ],
)
def test_what_does_not_fit(tmp_path, name, runtime, python, words):
    """What cannot be run is refused before anything starts."""
    with pytest.raises(InputError, match=words):
        choose_runtime(tmp_path / name, runtime, python)


def test_a_setting_that_does_not_fit(tmp_path):
    """A setting of the project that is no string is named with its place."""
    (tmp_path / "pyproject.toml").write_text("[tool.stepwell]\nruntime = 3\n")

    with pytest.raises(InputError, match=r"pyproject\.toml: tool\.stepwell\.runtime is 3; it must be a string"):
        choose_runtime(tmp_path / "flow.py")


def test_run_in_cpython(place):
    """A workflow runs in the Python that was named, and what it writes is shown as the instance's, however it does."""
    place.write("flow.py", FLOW)
    done = place.run("run", "flow.py", "--runtime", "cpython", "--python", sys.executable)

    assert [sys.platform, sys.executable] == done.json
    assert "  look | from a step\n" in done.err
    assert "  look | from a thread\n" in done.err
    assert "| from a child\n" in done.err


def test_it_goes_on_in_the_same_runtime(place):
    """An instance that was killed in a process goes on in another one."""
    place.write(
        "flow.py", FLOW.replace("return await look()", 'await step.sleep("nap", 1)\n        return await look()')
    )
    running = place.start("run", "flow.py", "--id", "one", "--runtime", "cpython")
    running.read_until("nap")
    running.kill_group()

    done = place.run("run", "flow.py", "--id", "one", "--runtime", "cpython", "-q")

    assert sys.platform == done.json[0]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("#!/bin/sh\nexit 7\n", 2, "ended by itself, with exit code 7"),
        ("#!/bin/sh\necho it is too old >&2; exit 78\n", 2, "It wrote:\nit is too old"),
    ],
)
def test_a_python_that_does_not_start(place, text, code, words):
    """A Python that cannot be a guest is the user's to mend, with what it said."""
    place.write("flow.py", FLOW)
    python = Path(place.write("python", text))
    python.chmod(0o755)
    done = place.run("run", "flow.py", "--python", str(python))

    assert code == done.code
    assert words in done.err
    assert "fault in Stepwell" not in done.err


OLD = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10")


def find_old(version):
    """A real Python of *version*: on the path, or one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    return next(map(str, pyenv.glob(f"{version}.*/bin/python")), None) or shutil.which(f"python{version}")


@pytest.mark.parametrize("version", OLD)
def test_a_python_that_is_too_old(place, version):
    """A Python that is too old says what it is and what is needed."""
    python = find_old(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    place.write("flow.py", FLOW)

    done = place.run("run", "flow.py", "--python", python)

    assert 2 == done.code
    assert f"Python {version}." in done.err
    assert "; workflows need 3.11 or newer." in done.err


def test_the_oldest_python_that_is_said(tmp_path):
    """Where there are no old ones: any Python is too old for a file that wants more."""
    mount = Path(__file__).parents[2] / "runtime" / "process" / "mount.py"
    text = mount.read_text(encoding="utf-8").replace("OLDEST = (3, 11)", "OLDEST = (3, 99)")
    (tmp_path / "mount.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", "import mount; mount.check_version()"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    found = ".".join(map(str, sys.version_info[:3]))
    assert (78, f"{sys.executable} is Python {found}; workflows need 3.99 or newer.\n") == (
        done.returncode,
        done.stderr,
    )


def test_a_module_that_ends_the_process(place):
    """A module that ends its process at import is the user's fault, told with the place."""
    place.write("flow.py", "import ctypes\nctypes.string_at(0)\n")
    done = place.run("run", "flow.py", "--runtime", "cpython", "-q")

    assert 2 == done.code
    assert "was ended by SIGSEGV" in done.err
    assert f'File "{place.folder}/flow.py", line 2' in done.err


def test_the_state_has_the_runtime(place):
    """The runtime's options go into the state as they are."""
    place.write("flow.py", FLOW)
    place.run("run", "flow.py", "--runtime", "cpython", "--python", sys.executable, "-q")

    with contextlib.closing(sqlite3.connect(place.state)) as database:
        rows = database.execute("SELECT runtime FROM workflows").fetchall()
    assert [{"name": "cpython", "python": sys.executable}] == [json.loads(row[0]) for row in rows]


SHARES = """
import builtins, os, sys
import package, settings
from workers import WorkflowEntrypoint

class {name}(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def look():
            seen = [os.environ.get("MARK"), getattr(builtins, "mark", None), settings.MARK, len(settings.CACHE)]
            os.environ["MARK"] = builtins.mark = settings.MARK = "{name}"
            settings.CACHE.append(1)
            return [os.getpid(), package.__file__, settings.__file__, sys.dont_write_bytecode, *seen]

        found = await look()
        await step.{then}
        return found
"""


def test_projects_share_nothing(place):
    """Two projects in one host have processes of their own: no modules, packages, environment or globals in common."""
    thens = {"One": 'wait_for_event("go", "go", timeout="1 hour")', "Two": 'sleep("nap", 0)'}
    for name, then in thens.items():
        place.write(f"{name}/flow.py", SHARES.format(name=name, then=then))
        place.write(f"{name}/settings.py", "MARK = None\nCACHE = []\n")
        place.write(f"{name}/python_modules-cpython/package.py", "")
    place.environment["PYTHONDONTWRITEBYTECODE"] = "1"
    owner = place.start("run", "One/flow.py", "--id", "one", "--runtime", "cpython")
    owner.read_until("waiting for event")

    two = place.run("run", "Two/flow.py", "--runtime", "cpython", "-q").json

    send = ("workflows", "instances", "send-event", "One", "one", "--type", "go", "--payload", "{}")
    assert 0 == place.run(*send).code
    one = owner.wait().json
    assert one[0] != two[0]
    for name, found in (("One", one), ("Two", two)):
        folder = place.folder / name
        modules = [str(folder / "python_modules-cpython" / "package.py"), str(folder / "settings.py")]
        assert [*modules, True, None, None, None, 0] == found[1:]


DEBUGGED = """
from workers import WorkflowEntrypoint

class Debugged(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do(config={"timeout": "1 minute"})
        async def stop():
            answer = 41
            breakpoint()
            return answer

        return await stop()
"""


def test_breakpoint_has_the_terminal(place):
    """breakpoint() in a step of the run in front talks to its terminal, and the run goes on afterwards."""
    place.write("flow.py", DEBUGGED)
    terminal = Terminal([sys.executable, "-m", "stepwell", "run", "flow.py", "--runtime", "cpython"], place)

    terminal.read_until("(Pdb) ")
    terminal.type("p answer")
    terminal.read_until("41")
    terminal.read_until("(Pdb) ")
    terminal.type("answer = 42")
    terminal.read_until("(Pdb) ")
    terminal.type("c")

    assert "42" in terminal.read_to_end().splitlines()[-1]


def test_breakpoint_without_a_terminal(place):
    """Where there is no terminal, breakpoint() says so and stops nothing."""
    place.write("flow.py", DEBUGGED)
    done = place.run("run", "flow.py", "--runtime", "cpython")

    assert 41 == done.json
    assert "breakpoint() has no terminal here" in done.err


def test_coverage_of_user_code(place):
    """Coverage measures the lines of steps, and misses those that did not run."""
    pytest.importorskip("coverage")
    branch = 'if sys.platform == "none":\n            unreached()\n        return'
    place.write("flow.py", FLOW.replace("return await", f"{branch} await"))
    config = place.write(".coveragerc", f"[run]\ndata_file = {place.folder}/.coverage\nparallel = true\n")
    place.environment["COVERAGE_PROCESS_START"] = str(config)
    place.run("run", "flow.py", "--runtime", "cpython", "-q")

    place.python("-m", "coverage", "combine")
    report = json.loads(place.python("-m", "coverage", "json", "-o", "-", "--include", "flow.py").stdout)
    [measured] = report["files"].values()

    lines = FLOW.splitlines()
    assert {lines.index('            print("from a step")') + 1} <= set(measured["executed_lines"])
    assert len(measured["missing_lines"]) == 1


def test_debugpy_attaches(place):
    """A client can attach to debugpy in a workflow while it waits for one."""
    pytest.importorskip("debugpy")
    text = """
        from workers import WorkflowEntrypoint

        class Attached(WorkflowEntrypoint):
            async def run(self, event, step):
                @step.do()
                async def attach():
                    import debugpy
                    host, port = debugpy.listen(("127.0.0.1", 0))
                    print("port", port)
                    debugpy.wait_for_client()
                    return debugpy.is_client_connected()

                return await attach()
    """
    place.write("flow.py", text)
    running = place.start("run", "flow.py", "--runtime", "cpython")
    port = int(running.read_until("port").split()[-1])

    with socket.create_connection(("127.0.0.1", port)) as client:
        for number, (command, arguments) in enumerate(
            [
                ("initialize", {"adapterID": "test"}),
                ("attach", {"connect": {"host": "127.0.0.1", "port": port}}),
                ("configurationDone", {}),
            ],
            1,
        ):
            message = {"seq": number, "type": "request", "command": command, "arguments": arguments}
            body = json.dumps(message).encode()
            client.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            if command == "attach":
                heard = b""
                while b'"initialized"' not in heard:
                    heard += client.recv(65536)
        done = running.wait()

    assert (0, "true\n") == (done.code, done.out)
