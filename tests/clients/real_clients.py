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

import pytest

FOLDER = Path(__file__).parent


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
