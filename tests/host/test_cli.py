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
        "print({'pydantic', 'rich', 'http.client', 'json5'} & set(sys.modules))"
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
