"""The command with standard streams, signals and surroundings as scripts and containers have them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from places import until

FLOW = """
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run() {
        return 1;
      }
    }
"""
STEPWELL = f"{sys.executable} -m stepwell"


def shell(place, line):
    """Run a line of the shell in which `$S` is the command."""
    return subprocess.run(
        ["bash", "-c", line],
        cwd=place.folder,
        env={**place.environment, "S": STEPWELL},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def is_complete(place, instance_id="a"):
    done = place.run("workflows", "instances", "describe", "OrderWorkflow", instance_id, "--json")
    return done.code == 0 and done.json["status"] == "complete"


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", "2>/dev/full", ">&- 2>&- <&-", "2> >(exec true)"])
def test_closed(place, order, redirection):
    """A stream that is closed or full is nobody's reason not to run the instance."""
    done = shell(place, f"$S run order.py --id a {redirection}")

    assert 0 == done.returncode, done.stderr
    assert is_complete(place)


def test_full(place, order):
    """Output that cannot be written is exit code 2 and a sentence; the instance is complete all the same."""
    done = shell(place, "$S run order.py --id a -q > /dev/full")

    assert (2, "Error: Standard output cannot be written: No space left on device.\n") == (done.returncode, done.stderr)
    assert is_complete(place)


def test_reader_gone(place, order):
    """A reader that has gone is what it is for other programs."""
    done = shell(place, "$S run order.py --id a -q | true; exit ${PIPESTATUS[0]}")

    assert done.returncode in {0, 141}, done.stderr
    assert "" == done.stderr
    assert is_complete(place)


def test_output_that_the_terminal_cannot_encode(place):
    """What an encoding lacks is escaped, and JSON stays JSON."""
    place.write(
        "text.py",
        """
        from workers import WorkflowEntrypoint

        class Text(WorkflowEntrypoint):
            async def run(self, event, step):
                return "Zürich ✅"
        """,
    )
    place.environment |= {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}

    done = place.run("run", "text.py", "-q")
    listed = place.run("workflows", "instances", "list", "Text")

    assert (0, "Zürich ✅") == (done.code, done.json)
    assert (0, "\\u2705 Completed" in listed.out) == (listed.code, True)


def test_deleted_folder(place, order):
    """A current folder that is gone is named."""
    done = shell(place, "mkdir gone && cd gone && rmdir ../gone && $S run ../order.py")

    assert 2 == done.returncode
    assert "Error: The current folder does not exist any more." in done.stderr


def test_deleted_folder_with_a_state_elsewhere(place, order):
    """Where no path is relative, the current folder is not needed."""
    paths = f"{place.folder}/order.py --state {place.state}"

    done = shell(place, f"mkdir gone && cd gone && rmdir ../gone && $S run {paths} --id a -q")

    assert (0, "") == (done.returncode, done.stderr)
    assert is_complete(place)


def test_folder_deleted_under_a_server(place, order):
    """A server whose folder is deleted starts interpreters all the same."""
    gone = place.folder / "gone"
    gone.mkdir()
    command = [sys.executable, "-m", "stepwell", "serve", place.folder / "order.py", "--state", place.state]
    with subprocess.Popen(command, cwd=gone, env=place.environment, stderr=subprocess.PIPE, text=True) as server:
        until(lambda: "Serving" in server.stderr.readline(), "the server does not start")
        gone.rmdir()

        done = place.run("workflows", "trigger", "OrderWorkflow", "{}", "--id", "a")

        assert (0, "") == (done.code, done.err)
        until(lambda: is_complete(place), "the instance does not complete")
        server.terminate()
        server.communicate(timeout=60)


@pytest.mark.parametrize("target", ["odd\\xe9/flow.mjs", "o\\xe9.mjs", "."])
def test_path_that_is_not_utf_8(place, target):
    """A file runs wherever it is, and its state is found again."""
    folder = place.folder / os.fsdecode(b"odd\xe9")
    for path in (folder / "flow.mjs", place.folder / os.fsdecode(b"o\xe9.mjs")):
        path.parent.mkdir(exist_ok=True)
        path.write_text(FLOW, encoding="utf-8")
    name = "flow.mjs" if target == "." else target.encode().decode("unicode_escape").encode("latin-1")
    options = {"cwd": folder if target == "." else place.folder, "env": place.environment, "capture_output": True}

    done = subprocess.run(
        [sys.executable, "-m", "stepwell", "run", name, "-q", "--id", "a"], **options, timeout=60, check=False
    )
    listed = subprocess.run([sys.executable, "-m", "stepwell", "workflows", "list"], **options, timeout=60, check=False)

    assert (0, b"1\n") == (done.returncode, done.stdout), done.stderr
    assert (0, True) == (listed.returncode, b"Flow" in listed.stdout)


def test_pipe_among_the_sources(place):
    """A pipe beside a workflow is none of its sources, and is not waited for."""
    place.write("flow.mjs", FLOW)
    os.mkfifo(place.folder / "pipe.json")

    assert 0 == place.run("run", "flow.mjs", "-q").code


def test_variables(place):
    """Variables keep their numbers, and their values are masked in what the code prints and raises."""
    place.write(
        "app.py",
        """
        from workers import WorkflowEntrypoint

        class App(WorkflowEntrypoint):
            async def run(self, event, step):
                print("token", self.env.TOKEN)
                if event["payload"].get("fail"):
                    raise ValueError(f"refused {self.env.TOKEN}")
                return [self.env.BIG, self.env.RATE]
        """,
    )
    config = {
        "main": "app.py",
        "workflows": [{"binding": "APP", "name": "app", "class_name": "App"}],
        "vars": {"BIG": 616581622363398142, "RATE": 1.0, "TOKEN": "hunter2-hunter2"},
    }
    place.write("wrangler.json", json.dumps(config))

    done = place.run("run", ".", "--id", "a")
    failed = place.run("run", ".", "--id", "b", "--params", '{"fail": true}')
    described = place.run("workflows", "instances", "describe", "app", "b", "--json")

    assert (0, "[616581622363398142, 1.0]\n") == (done.code, done.out), done.err
    assert "token [TOKEN]" in done.err
    assert (1, True) == (failed.code, "refused [TOKEN]" in failed.err)
    assert [] == [text for text in (done.err, failed.err, described.out) if "hunter2" in text]


def test_no_home(place):
    """A user without a home folder gets a temporary cache, and one warning."""
    place.write("flow.mjs", FLOW)
    for name in ("HOME", "XDG_CACHE_HOME", "STEPWELL_CACHE"):
        place.environment.pop(name, None)
    place.environment |= {"HOME": "", "STEPWELL_CACHE": "", "TMPDIR": str(place.folder)}

    done = place.run("run", "flow.mjs", "-q")

    assert (0, 1) == (done.code, done.err.count("Warning: this user has no home folder"))
    made = {path.name for path in place.folder.iterdir()} - {".stepwell", "flow.mjs"}
    assert {f"stepwell-cache-{os.geteuid()}"} == made


@pytest.mark.parametrize("folder", ["x" * 120, "missing"])
def test_temporary_folder_of_no_use(place, order, folder):
    """The socket of a state with a long path gets another folder where the temporary one is too long, or missing."""
    if len(folder) > 100:
        (place.folder / folder).mkdir()
    place.environment["TMPDIR"] = str(place.folder / folder)
    state = f"{'s' * 100}/state.sqlite"

    done = place.run("run", "order.py", "-q", "--state", state)

    assert 0 == done.code, done.err


STOPPED = {
    "run approval.py --id a": ("waiting for event", 130, "continue with: stepwell run approval.py --id a"),
    "serve approval.py": ("Serving", 0, "what is unfinished continues with the next `stepwell serve`"),
}
"""For each command: the words that say that it runs, the exit code after SIGTERM, and the last words."""


@pytest.mark.parametrize("command", STOPPED)
def test_sigterm(place, approval, command):
    """SIGTERM ends `run` as Ctrl-C does; it is how `serve` is stopped, so that this is no failure."""
    running_words, code, last_words = STOPPED[command]
    running = place.start(*command.split())
    running.read_until(running_words)

    os.kill(running.pid, signal.SIGTERM)

    done = running.wait()
    assert code == done.code
    assert last_words in done.err


def test_sigterm_to_the_host(place, approval):
    """A host that SIGTERM ends is nobody's fault, and the way to go on is named."""
    running = place.start("run", "approval.py", "--id", "a")
    running.read_until("waiting for event")

    os.kill(running.host_pid(), signal.SIGTERM)

    done = running.wait()
    assert 130 == done.code
    assert "The host process was ended (SIGTERM)." in done.err
    assert "continue with: stepwell run approval.py --id a" in done.err
    assert "report" not in done.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a process 1 of its own")
@pytest.mark.parametrize("command", STOPPED)
def test_sigterm_as_process_1(place, approval, command):
    """The same for the first process of a container, which ignores signals that it has no handler for."""
    running_words, code, last_words = STOPPED[command]
    probe = subprocess.run(["unshare", "-pf", "--mount-proc", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("no process namespace can be made here")
    process = subprocess.Popen(
        ["unshare", "-pf", "--mount-proc", "--kill-child", sys.executable, "-m", "stepwell", *command.split()],
        cwd=place.folder,
        env=place.environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr
    for line in process.stderr:
        if running_words in line:
            break
    child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())

    os.kill(child, signal.SIGTERM)

    _, err = process.communicate(timeout=60)
    assert last_words in err
    assert code == process.returncode


def test_surrogates(place):
    """A lone surrogate in what a workflow takes, prints, raises and gives is shown escaped, and ends nothing."""
    place.write(
        "odd.py",
        r"""
        from workers import WorkflowEntrypoint

        class Odd(WorkflowEntrypoint):
            async def run(self, event, step):
                @step.do("show")
                async def show():
                    print("printed \ud800 here")
                    return {"\udc00": event["payload"]}

                return await show()

        class Bad(WorkflowEntrypoint):
            async def run(self, event, step):
                raise ValueError("message \ud800")
        """,
    )

    done = place.run("run", "odd.py:Odd", "--id", "a", "--params", '"\\ud800"')
    again = place.run("run", "odd.py:Odd", "--id", "a", "-q", "--json")
    described = place.run("workflows", "instances", "describe", "Odd", "a")
    bad = place.run("run", "odd.py:Bad", "--id", "b", "-q")

    assert (0, '{"\\udc00": "\\ud800"}\n') == (done.code, done.out), done.err
    assert "printed \\ud800 here" in done.err
    assert (0, {"\udc00": "\ud800"}) == (again.code, json.loads(again.out)["output"])
    assert (0, True) == (described.code, '{"\\udc00": "\\ud800"}' in described.out)
    assert (1, True) == (bad.code, "message \\ud800" in bad.err)


def test_large_params(place, order):
    """Params are of any length up to the limit of values, with any characters."""
    apostrophes = json.dumps({"items": 3, "text": "'" * 30_000})
    long = json.dumps({"items": 3, "text": "x" * 130_900})

    for text in (apostrophes, long):
        done = place.run("run", "order.py", "-q", "--params", text)
        assert (0, {"shipped": 3}) == (done.code, done.json), done.err


def test_params_are_nobody_elses(place, approval):
    """Params reach neither the host's environment and arguments, nor other commands' messages."""
    running = place.start("run", "approval.py", "--id", "a", "--params", '{"token":"hunter2"}')
    running.read_until("waiting for event")
    host = running.host_pid()
    hint = place.state.with_name("state.sqlite.owner.json")

    seen = [
        (hint.read_text(encoding="utf-8")),
        (Path(f"/proc/{host}/cmdline").read_text(encoding="utf-8")),
        (Path(f"/proc/{host}/environ").read_text(encoding="utf-8", errors="replace")),
    ]

    assert [] == [text for text in seen if "hunter2" in text]
    assert 0o600 == hint.stat().st_mode & 0o777
    os.kill(host, signal.SIGSTOP)
    place.environment["STEPWELL_PATIENCE"] = "1"
    refused = place.run("workflows", "list")
    os.kill(host, signal.SIGCONT)
    assert "run approval.py --id a --params …" in refused.err
    assert "hunter2" not in refused.err
