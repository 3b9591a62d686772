"""Other engines: installed from their registries at pinned versions, and run over the same workloads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from killed import Ledger, kill_half_way, recovered
from processes import Figures, Program

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(__file__).parent / "peers"
PROGRAMS = {
    "cloudflare": "cloudflare.js",
    "openworkflow": "openworkflow.js",
    "dbos": "dbos_program.py",
    "restate": "restate.js",
}
QUIET = {"DO_NOT_TRACK": "1", "RESTATE_LOGGING": "ERROR", "NODE_NO_WARNINGS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class Peers:
    """The peers in a folder that is made at the first use. Programs run from there, where their packages are."""

    def __init__(self, folder: Path, node: Path) -> None:
        self._folder = folder
        self._node = node
        self._python = folder / "venv" / "bin" / "python"

    def install(self) -> None:
        """Install what is missing."""
        shutil.copytree(SOURCE, self._folder, dirs_exist_ok=True)
        wanted = (SOURCE / "package.json").read_text() + (SOURCE / "requirements.txt").read_text()
        installed = self._folder / "installed"
        if installed.exists() and installed.read_text() == wanted:
            return
        npm = self._node.parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
        words = [str(self._node), str(npm), "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(words, cwd=self._folder, check=True, stdout=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", self._folder / "venv"], check=True)
        words = [str(self._python), "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
        subprocess.run(words, cwd=self._folder, check=True, stdout=sys.stderr)
        installed.write_text(wanted)

    def measure(self, peer: str, settings: Mapping[str, Any], folder: Path, *, watch_memory: bool) -> Figures:
        """The figures of one job."""
        match settings["workload"]:
            case "first":
                first, again = (self._run(peer, settings, folder) for _ in range(2))
                return {"first_ms": first["ms"], "ms": again["ms"]}
            case "killed":
                return self._killed(peer, folder, settings["instances"])
            case _:
                return self._run(peer, settings, folder, watch_memory=watch_memory)

    def _run(self, peer: str, settings: Mapping[str, Any], folder: Path, *, watch_memory: bool = False) -> Figures:
        with self._start(peer, settings, folder) as program:
            return program.figures(watch_memory=watch_memory)

    def _killed(self, peer: str, folder: Path, instances: int) -> Figures:
        ledger = Ledger(folder / "ledger")
        settings = {"workload": "killed", "instances": instances, "ledger": str(ledger.path)}
        with self._start(peer, settings, folder) as program:
            killed_at = kill_half_way(program, ledger, instances)
        resumed = {**settings, "workload": "resumed"}
        return recovered(ledger, killed_at, instances, lambda: self._run(peer, resumed, folder))

    def _start(self, peer: str, settings: Mapping[str, Any], folder: Path) -> Program:
        name = PROGRAMS[peer]
        interpreter = self._node if name.endswith(".js") else self._python
        given = json.dumps({**settings, "folder": str(folder), "began": time.time() * 1000})
        return Program([str(interpreter), str(self._folder / name), given], folder, env=QUIET)
