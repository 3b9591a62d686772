"""docs/testing.md: its blocks are tests, and what they are said to print is printed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documents import ROOT, blocks

from stepwell.testing import CrashError, Workflows, check_all_crashes

FLOWS = Path(__file__).parent / "flows"
FEW_EXAMPLES = """
from hypothesis import HealthCheck, settings

settings.register_profile("few", max_examples=5, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("few")
"""
BLOCKS = list(blocks(ROOT / "docs" / "testing.md"))


def texts(language):
    return [block.text for block in BLOCKS if block.language == language]


def block_with(text):
    [found] = [block.text for block in BLOCKS if text in block.text]
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project that the page's tests are for: each block is a file of it."""
    folder = tmp_path_factory.mktemp("documented")
    shutil.copytree(FLOWS / "documented", folder, dirs_exist_ok=True)
    workflows = [text for text in texts("python") if "WorkflowEntrypoint" in text]
    with (folder / "flow.py").open("a") as flow:
        flow.write("\n".join(workflows))
    shutil.copy(folder / "flow.py", folder / "flow_v2.py")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    (folder / "conftest.py").write_text(FEW_EXAMPLES)
    for number, text in enumerate(text for text in texts("python") if text not in workflows):
        (folder / f"test_{number}.py").write_text(text)
    for number, text in enumerate(text for text in texts("javascript") if "stepwell/vitest" not in text):
        (folder / f"block_{number}.test.mjs").write_text(text)
    return folder


def run(folder, *command):
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def stored(project):
    """A run that was stored, as the page has it."""
    (project / "runs").mkdir()
    with Workflows(project / "flow.py") as workflows:
        instance = workflows.start("Greet")
        instance.wait_for_status("complete")
        instance.export(project / "runs" / "greet.run.sqlite")


@pytest.mark.usefixtures("stored")
def test_python(project):
    """All tests in Python pass."""
    wanted = sum(len(re.findall(r"def test_|^Test\w+ =", text, re.MULTILINE)) for text in texts("python"))

    code, out = run(
        project, "pytest", "-q", "-p", "no:cacheprovider", "-W", "error::stepwell.testing.DeterminismWarning"
    )

    assert (0, True) == (code, f"{wanted} passed" in out), out


def test_javascript(project):
    """All tests in JavaScript pass, for the same project."""
    wanted = sum(text.count("\ntest(") for text in texts("javascript"))

    code, out = run(project, "stepwell", "test", *sorted(path.name for path in project.glob("*.test.mjs")))

    found = re.search(r"pass (\d+)", out)
    assert (0, True) == (code, found is not None and int(found[1]) >= wanted), out


@pytest.mark.usefixtures("stored")
def test_command(project):
    """The command replays the stored runs."""
    command = block_with("stepwell test --replay").replace("'", "").split()

    assert (0, "1 of 1 runs are replayed as they ran.\n") == run(project, *command)


def test_timeline():
    """The lines of the timeline are those of a run."""
    shown = [line.strip() for line in block_with("reserve-1 = [1, 2]").splitlines()]

    lines = (FLOWS / "timeline.txt").read_text(encoding="utf-8").splitlines()
    assert shown == [line for line in lines if line in shown]


def test_failed_exploration():
    """A failed exploration reads as the page shows it."""
    with pytest.raises(CrashError) as caught, Workflows(FLOWS / "crashes.py") as workflows:
        check_all_crashes("InMemory", workflows=workflows, pairs=0)

    first, *lines = block_with("CrashError: ").removeprefix("CrashError: ").splitlines()
    assert shape(first) == shape(str(caught.value).splitlines()[0].replace("InMemory", "Order"))
    said = {shape(line) for line in str(caught.value).splitlines()}
    assert [] == [line for line in lines[:-1] if shape(line) not in said]
    assert "--stepwell-seed=crash:" in lines[-1]


def shape(line):
    return re.sub(r"\d+", "N", line.strip())


def test_action():
    """The action has the inputs that the page gives it."""
    action = (ROOT / "actions" / "replay" / "action.yml").read_text(encoding="utf-8")
    given = re.findall(r"^    (\w+): ", block_with("actions/replay@main"), re.MULTILINE)

    assert ["runs", "target"] == given
    assert all(f"\n  {name}:\n" in action for name in given)
