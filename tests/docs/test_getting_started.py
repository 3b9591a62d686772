"""The commands of *Getting started*, in their order, in an empty folder, with a kill where the page says so."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from documents import ROOT, Block, blocks

PAGE = ROOT / "docs/getting-started.md"
BIN = Path(sys.executable).parent
PATIENCE_S = 300
"""Ends a test that hangs."""


def started(block: Block, folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        block.text.strip(),
        shell=True,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], text: str) -> None:
    seen = ""
    for line in process.stdout or ():
        seen += line
        if text in line:
            return
    pytest.fail(f"The process ended without {text!r}:\n{seen}")


def run(block: Block, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-ec", block.text],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}"
    return done.stdout


def test_the_page_works_as_it_stands(tmp_path):
    """Files are saved, commands run, and the first of the two runs is killed while it sleeps."""
    environment = {
        **os.environ,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "PYTEST_ADDOPTS": "-p no:asyncio",
    }
    console: list[Block] = []
    for block in blocks(PAGE):
        if block.title:
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            console.append(block)
    _install, first_run, second_run, skip_sleep, send_event, look, check = console

    with started(first_run, tmp_path, environment) as process:
        read_until(process, "sleeping 20.0 s")
        os.killpg(process.pid, signal.SIGKILL)

    with started(second_run, tmp_path, environment) as process:
        read_until(process, "let the customer think")
        run(skip_sleep, tmp_path, environment)
        read_until(process, "waiting for event 'approved'")
        run(send_event, tmp_path, environment)
        read_until(process, '{"receipt": "receipt 7", "approved by": "Grace"}')
        assert process.wait(PATIENCE_S) == 0

    shown = run(look, tmp_path, environment)
    assert "2 attempts" in shown
    assert "shipping 7" in shown
    assert "1 passed" in run(check, tmp_path, environment)
