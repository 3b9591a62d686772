"""Every method of the official clients, and their loops over pages."""

import json
import subprocess
from pathlib import Path

from real_clients import FOLDER, named_folder

from stepwell.node import find_node

PATIENCE_S = 300


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def test_python(server):
    """PyPI's cloudflare."""
    found = output_of(named_folder("STEPWELL_CLIENTS_PYTHON"), str(FOLDER / "every_method.py"), server.url)

    assert {
        "list": ["greet"],
        "search": [],
        "get": "app",
        "update": ["second", 0, 0],
        "versions": [9],
        "version": "python",
        "graph": ["Greet", "step_do", "if"],
        "create": ["a", "greet"],
        "params": {"name": "Ada"},
        "output": {"hi": "Ada"},
        "simple": 0,
        "step": {"hi": "Ada"},
        "bulk": ["b", "c"],
        "pause": "paused",
        "resume": "queued",
        "event": ["b", {"ok": 1}],
        "wait": "approve",
        "terminate": "terminated",
        "restart": "queued",
        "exists": [400, 10405],
        "missing": [404, 10400],
        "delete": "ok",
        "workflows": {"0": [0, 0], "1": [1, 1], "25": [25, 25], "60": [60, 60]},
        "none": 0,
        "instances": [250, 0],
    } == found


def test_npm(server):
    """npm's cloudflare."""
    folder = named_folder("STEPWELL_CLIENTS_NPM")
    found = output_of(str(find_node().path), str(FOLDER / "every_method.mjs"), str(Path(folder).resolve()), server.url)

    assert {
        "list": ["greet"],
        "get": "app",
        "update": 0,
        "version": "second",
        "graph": ["Greet", "step_do", "if"],
        "create": "a",
        "output": {"hi": "Ada"},
        "step": {"hi": "Ada"},
        "bulk": ["b"],
        "pause": "paused",
        "resume": "queued",
        "event": "b",
        "answer": {"ok": 1},
        "delete": "ok",
        "workflows": [60, 60],
        "instances": [250, 250],
    } == found
