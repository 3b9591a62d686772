"""What the adapter loads before a snapshot is made."""

from __future__ import annotations

import subprocess
import sys

from conftest import ROOT

LOADED_BY_A_RUN = """
import asyncio, sys
sys.path[:0] = [{py!r}, {bridge!r}]
import workers_pydantic_ai
from pydantic_ai import Agent
from pydantic_ai.models.test import TestModel
platform, sys.platform = sys.platform, "emscripten"
workers_pydantic_ai.warm_up()
sys.platform = platform
before = set(sys.modules)
agent = Agent(TestModel(), name="first", capabilities=[workers_pydantic_ai.WorkflowsDurability()])
asyncio.run(agent.run("hi"))
print(sorted(name for name in set(sys.modules) - before if "." in name))
"""


def test_a_run_imports_no_package(tmp_path):
    """What is imported by a first run alone would be imported by each interpreter."""
    (tmp_path / "_workflows_bridge").symlink_to(ROOT / "bridge")
    code = LOADED_BY_A_RUN.format(py=str(ROOT / "py"), bridge=str(tmp_path))

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("[]\n", "")
