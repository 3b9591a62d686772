"""What the MCP server starts to look after instances."""

import os
import subprocess
import sys

import pytest

from stepwell.mcp import admin

COMMAND = """#!{python}
import signal
from pathlib import Path


def end(*_):
    Path({ended!r}).touch()
    raise SystemExit(130)


signal.signal(signal.SIGTERM, end)
Path({ready!r}).write_text("")
signal.pause()
"""


def test_replay_that_takes_too_long(tmp_path, monkeypatch):
    """The command is asked to end, not killed: the Node that it has started would run on."""
    ready, ended, program = tmp_path / "ready", tmp_path / "ended", tmp_path / "python"
    os.mkfifo(ready)
    program.write_text(COMMAND.format(python=sys.executable, ended=str(ended), ready=str(ready)))
    program.chmod(0o755)

    class Started(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            ready.read_text()

    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(subprocess, "Popen", Started)
    monkeypatch.setattr(admin, "REPLAY_TIMEOUT_S", 0.01)

    with pytest.raises(subprocess.TimeoutExpired):
        admin._run_command("runs", "open")  # noqa: SLF001 - a replay of 300 s is no test

    assert ended.exists()
