"""What a guest mounts, mounted in the Python that runs the tests, and a folder of workflows with their packages."""

import shutil
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
from places import Place  # noqa: E402
from syncing import sync  # noqa: E402

FLOWS = Path(__file__).parent / "flows"
PROJECT = """
[project]
name = "flows"
version = "1"
dependencies = ["stepwell[pydantic-ai]"]
"""


def pytest_collection_modifyitems(items):
    """Let one worker of xdist have all tests that share the project, and each other file one worker."""
    for item in items:
        if item.path.parent == FLOWS.parent:
            item.add_marker(pytest.mark.xdist_group("project" if "project" in item.fixturenames else item.path.stem))


@pytest.fixture
def workflow() -> FakeWorkflow:
    """An instance with an empty log."""
    return FakeWorkflow()


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A function that gives the folder with all of `flows`, with their packages for a runtime, installed once."""
    place = Place(tmp_path_factory.mktemp("flows"))
    shutil.copytree(FLOWS, place.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    place.write("pyproject.toml", PROJECT)
    synced = set()

    def with_packages(runtime: str) -> Place:
        if runtime not in synced:
            sync(place, ".", runtime)
            synced.add(runtime)
        return place

    yield with_packages
    place.dispose()
