"""cloudflare-typescript's own tests of workflows."""

import os
import re
import subprocess
from pathlib import Path

from real_clients import FOLDER, named_folder

from stepwell.node import find_node

PATIENCE_S = 300
REFUSED = {
    # A schedule that is no cron expression.
    "update: required and optional params",
    # A cursor that nobody has given, and a page beside it.
    "list: required and optional params",
}
"""What a mock accepts and a server does not."""


def test_typescript():
    """All of them pass, but for those that ask for what does not exist."""
    tests = Path(named_folder("STEPWELL_CLIENTS_TYPESCRIPT")) / "tests" / "api-resources" / "workflows"
    npm = str(Path(named_folder("STEPWELL_CLIENTS_NPM")).resolve())
    node = str(find_node().path)
    with subprocess.Popen([node, str(FOLDER / "prepared_server.js")], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            url = server.stdout.readline().strip()
            done = subprocess.run(
                [
                    node,
                    *("--test", "--test-reporter=tap", "--test-concurrency=1", "--experimental-transform-types"),
                    *("--import", (FOLDER / "jest_names.mjs").as_uri()),
                    *sorted(map(str, tests.rglob("*.test.ts"))),
                ],
                env={**os.environ, "TEST_API_BASE_URL": url, "STEPWELL_CLIENTS_NPM": npm},
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
        finally:
            server.kill()

    cases = re.findall(r"^    +(ok|not ok) \d+ - (.+: .*params)$", done.stdout, re.MULTILINE)
    passed = {name for outcome, name in cases if outcome == "ok"}
    assert len(cases) > 40, done.stdout[-3000:]
    assert {name for outcome, name in cases if outcome == "not ok"} <= REFUSED, done.stdout
    assert passed >= {"create: required and optional params", "graph: only required params"}
