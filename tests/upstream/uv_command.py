"""
Stands for `uv` in Cloudflare's own tests: `uv run ... pywrangler COMMAND` becomes the command of Stepwell.

`dev` installs the project's packages before it starts, as pywrangler does. `d1` is npm's wrangler, of the folder that
`STEPWELL_CLIENTS_NPM` names: it acts on the same rows.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from stepwell.node import find_node

STEPWELL = [sys.executable, "-m", "stepwell"]
RUNTIME_SDK = ["--sdk", "upstream"]


def main(arguments: list[str]) -> int:
    """Carry out the command line *arguments* of `uv`."""
    if "pywrangler" not in arguments:
        sys.stderr.write(f"Only pywrangler can be run here, not {arguments}.\n")
        return 2
    command, *options = arguments[arguments.index("pywrangler") + 1 :]
    if command == "sync":
        return subprocess.run([*STEPWELL, "sync", "."], check=False).returncode
    if command == "d1":
        return _run_wrangler(command, *options)
    if command != "dev":
        sys.stderr.write(f"pywrangler {command} cannot be run here.\n")
        return 2
    synced = subprocess.run([*STEPWELL, "sync", "."], check=False)
    if synced.returncode != 0:
        return synced.returncode
    sdk = RUNTIME_SDK if os.environ.get("STEPWELL_TEST_SDK") == "upstream" else []
    # In the place of this process: it is ended by its process id.
    os.execv(sys.executable, [*STEPWELL, "dev", *_options(options), *sdk])
    raise AssertionError


def _run_wrangler(*arguments: str) -> int:
    script = Path(os.environ["STEPWELL_CLIENTS_NPM"], "node_modules", "wrangler", "bin", "wrangler.js").resolve()
    quiet = {"WRANGLER_SEND_METRICS": "false", "CI": "1"}
    return subprocess.run([find_node().path, script, *arguments], env={**os.environ, **quiet}, check=False).returncode


def _options(options: list[str]) -> list[str]:
    """The options of `dev` with the names that Stepwell has for them."""
    translated = list(options)
    if "--persist-to" in translated:
        index = translated.index("--persist-to")
        translated[index : index + 2] = ["--state", os.path.join(translated[index + 1], "state.sqlite")]  # noqa: PTH118
    return translated


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
