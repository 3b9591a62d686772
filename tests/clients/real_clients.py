"""
Real clients against a real server. None of them is part of the project: folders that have them are named by variables.

`STEPWELL_CLIENTS_PYTHON` is a Python that can import Cloudflare's `cloudflare`, `STEPWELL_CLIENTS_NPM` a folder whose
`node_modules` has npm's `cloudflare` and `wrangler`, `STEPWELL_CLIENTS_TYPESCRIPT` a checkout of cloudflare-typescript,
`STEPWELL_CLIENTS_PROMETHEUS` a folder that has `prometheus` and `promtool`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from stepwell.node import find_node

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent
PATIENCE_S = 300


def named_folder(variable: str) -> str:
    """What *variable* names; without it there is nothing to test."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} does not name a client")
    return value


def _write_greet(folder: Path) -> None:
    (folder / "flow.py").write_text((FOLDER / "flow.py").read_text(encoding="utf-8"), encoding="utf-8")
    workflow = {"binding": "GREET", "name": "greet", "class_name": "Greet"}
    (folder / "wrangler.json").write_text(json.dumps({"name": "app", "main": "flow.py", "workflows": [workflow]}))


def run_wrangler(folder: Path, *command: str, environment: Mapping[str, str] = MappingProxyType({})) -> tuple[int, str]:
    """The exit code of npm's wrangler in *folder*, and all that it prints."""
    script = Path(named_folder("STEPWELL_CLIENTS_NPM")).resolve() / "node_modules" / "wrangler" / "bin" / "wrangler.js"
    quiet = {"WRANGLER_SEND_METRICS": "false", "WRANGLER_LOG_PATH": str(folder / "logs"), "NO_COLOR": "1", "CI": "1"}
    done = subprocess.run(
        [str(find_node().path), str(script), *command],
        cwd=folder,
        env={**os.environ, **quiet, "HOME": str(folder), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


class Server:
    """A served project: that of *folder*, or with *files* one with a workflow, `greet`, that is written there."""

    def __init__(self, folder: Path, *options: str, files: bool = True) -> None:
        self.folder = folder
        if files:
            _write_greet(folder)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stepwell", "serve", ".", "--port", "0", *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr
        for line in self._process.stderr:
            if found := re.search(r"Ready on (http://\S+:(\d+)) ", line):
                self.url, self.port = found[1], int(found[2])
                return
        pytest.fail("the server does not start")

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=60)
