"""The systemd unit and the Containerfile of the examples: what they say is true of the command."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from stepwell.cli import stepwell

DEPLOY = Path(__file__).resolve().parents[2] / "examples" / "deploy"


def options_of(words):
    """The options of a `serve` command line, which it accepts."""
    command = stepwell.get_command(None, "serve")
    context = command.make_context("serve", list(words), resilient_parsing=False)
    return context.params


def unit():
    return (DEPLOY / "stepwell.service").read_text()


def test_unit_is_sound(tmp_path):
    """`systemd-analyze verify` finds nothing wrong, where it is installed."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed here")
    program = tmp_path / "stepwell"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    file = tmp_path / "stepwell.service"
    file.write_text(unit().replace("/opt/stepwell/bin/stepwell", str(program)))

    done = subprocess.run([analyze, "verify", "--man=no", file], capture_output=True, text=True, check=False)

    ours = [line for line in (done.stdout + done.stderr).splitlines() if "stepwell.service" in line]
    assert (0, []) == (done.returncode, ours)


def test_unit_starts_the_command():
    """The unit's command line is one of `stepwell serve`, and systemd waits longer than its grace."""
    program, name, *words = shlex.split(re.search(r"^ExecStart=(.*)$", unit(), re.MULTILINE)[1])

    options = options_of(words)

    assert ("/opt/stepwell/bin/stepwell", "serve") == (program, name)
    assert float(re.search(r"TimeoutStopSec=(\d+)", unit())[1]) > options["grace_s"]


def test_container_starts_the_command(place):
    """The container's command line is one of `stepwell serve`, and serves a project."""
    text = (DEPLOY / "Containerfile").read_text()
    program, name, *words = json.loads(re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[1])
    words += json.loads(re.search(r"^CMD (.*)$", text, re.MULTILINE)[1])
    assert ("stepwell", "serve") == (program, name)
    assert "json" == options_of(words)["log_format"]

    place.run("init", "app")
    here = [word.replace("/state/", f"{place.folder}/state/").replace("8787", "0") for word in words]
    here[here.index(".")] = "app"
    (place.folder / "state").mkdir()
    running = place.start("serve", *here, "--ip", "127.0.0.1")

    lines = (json.loads(line) for line in running.out)
    assert next(line for line in lines if line.get("url"))
