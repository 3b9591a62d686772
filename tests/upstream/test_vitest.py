"""
Cloudflare's own examples of workflow tests, unchanged, with the test kit's plugin in the place of theirs.

`STEPWELL_VITEST_EXAMPLES` names `fixtures/vitest-plugin-examples` of a clone of github.com/cloudflare/workers-sdk.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell.host_process import host_root
from stepwell.node import find_node

EXAMPLES = os.environ.get("STEPWELL_VITEST_EXAMPLES")
VITEST = "vitest@5.1.2"
"""The newest as of this writing; the plugin uses hooks of Vite's alone."""
CONFIG = """
import { cloudflareTest } from "stepwell/vitest";

export default { plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.jsonc" } })] };
"""
TESTS = 11


@pytest.mark.skipif(EXAMPLES is None, reason="STEPWELL_VITEST_EXAMPLES names no clone of workers-sdk's examples")
def test_workflow_examples(tmp_path):
    """Both suites of the example pass."""
    source = Path(EXAMPLES, "workflows")
    for name in ("src", "test"):
        # Their tsconfig files extend others of the repository.
        shutil.copytree(source / name, tmp_path / name, ignore=shutil.ignore_patterns("tsconfig.json"))
    shutil.copy(source / "wrangler.jsonc", tmp_path)
    (tmp_path / "vitest.config.mjs").write_text(CONFIG)
    # npm installs into the nearest folder above that has one.
    (tmp_path / "package.json").write_text("{}")
    node = find_node().path
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    install = [node, npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", VITEST, host_root()]
    subprocess.run(install, cwd=tmp_path, check=True, timeout=300)

    done = subprocess.run(
        [node, "node_modules/vitest/vitest.mjs", "run", "--reporter=json", "--outputFile=result.json"],
        cwd=tmp_path,
        env={**os.environ, "STEPWELL_HOST_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert TESTS == json.loads((tmp_path / "result.json").read_text())["numPassedTests"]
