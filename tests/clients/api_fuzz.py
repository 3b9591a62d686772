"""
Requests that schemathesis makes up from the OpenAPI documents of a served project.

``python api_fuzz.py [--cases N] [--seed N]`` ends with 1 where one is answered with a 5xx, or not with JSON.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from real_clients import Server

DOCUMENTS = ("/client/v4/openapi.json", "/cdn-cgi/local/explorer/api")
OPERATIONS = 14
"""About as many each document has; each operation gets its share of the cases."""
CONFIG = """
[parameters]
"path.workflow_name" = ["greet", "-", "none"]
"path.instance_id" = ["i1", "i2", "none"]
"path.event_type" = "approve"
"""


def main() -> int:
    """Make the requests of both documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="how many requests, about")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31), help="for the same requests again")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        config = Path(folder) / "schemathesis.toml"
        config.write_text(CONFIG, encoding="utf-8")
        try:
            for number in (1, 2):
                create(server, f"i{number}")
            codes = [fuzz(f"{server.url}{path}", config, options.cases // 2, options.seed) for path in DOCUMENTS]
        finally:
            server.close()
    return max(codes)


def create(server: Server, instance_id: str) -> None:
    """Create an instance for the requests to be about."""
    body = f'{{"instance_id": "{instance_id}", "params": {{"wait": true}}}}'.encode()
    url = f"{server.url}/client/v4/accounts/a/workflows/greet/instances"
    urllib.request.urlopen(urllib.request.Request(url, body, method="POST"), timeout=60).close()


def fuzz(document: str, config: Path, cases: int, seed: int) -> int:
    """The exit code of schemathesis."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", document),
        *("--phases", "fuzzing", "--max-examples", str(cases // OPERATIONS), "--seed", str(seed)),
        *("--checks", "not_a_server_error,content_type_conformance", "--request-timeout", "30"),
        # They have no end.
        *("--exclude-operation-id", "subscribe", "--exclude-operation-id", "subscribeAll"),
    ]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
