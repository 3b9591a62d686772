"""Mount what a guest mounts, so that agents can be tested in the Python that runs the tests."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

if "_workflows_bridge" not in sys.modules:
    spec = ModuleSpec("_workflows_bridge", None, is_package=True)
    spec.submodule_search_locations = [str(ROOT / "bridge")]
    sys.modules["_workflows_bridge"] = module_from_spec(spec)
    sys.path.insert(0, str(ROOT / "py"))

from fake_workflow import FakeWorkflow  # noqa: E402 - it imports what was mounted


@pytest.fixture
def workflow() -> FakeWorkflow:
    """An instance with an empty log."""
    return FakeWorkflow()
