"""The command as such."""

import subprocess
import sys

from stepwell import __version__


def test_version(place):
    """The version is one line."""
    assert f"stepwell {__version__}\n" == place.run("--version").out


def test_version_is_quick():
    """The version is told without what only other commands need."""
    script = (
        "import sys; from stepwell import cli\n"
        "try: cli.stepwell(['--version'])\n"
        "except SystemExit: pass\n"
        "print({'pydantic', 'rich', 'http.client', 'tree_sitter'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "set()" == done.stdout.splitlines()[-1]


def test_help_tells_exit_codes(place):
    """Every command that can fail tells its exit codes."""
    for arguments in ((), ("run",), ("workflows",), ("workflows", "instances"), ("doctor",)):
        assert "130  interrupted with Ctrl-C" in place.run(*arguments, "--help").out


def test_closed_pipe(place, order):
    """Nobody reading the output is no fault of ours."""
    command = f"{sys.executable} -m stepwell workflows --help | true"

    done = subprocess.run(command, shell=True, cwd=place.folder, capture_output=True, text=True, check=False)

    assert "" == done.stderr


def test_nobody_looks_for_garbage_at_the_end(place):
    """Whichever way a command ends, what Python has loaded is not gone through once more: that takes 20 ms."""
    script = (
        "import atexit, gc, sys; from stepwell.__main__ import main\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"
        "sys.argv[1:] = {!r}\n"
        "main()"
    )

    for arguments in (["--version"], ["run", "nothing.py"]):
        command = [sys.executable, "-c", script.format(arguments)]
        done = subprocess.run(command, cwd=place.folder, capture_output=True, text=True, check=False)

        assert "True" == done.stdout.splitlines()[-1]
