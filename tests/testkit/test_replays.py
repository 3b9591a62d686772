"""Replays: after each test, and of stored runs with changed code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell.testing import ReplayError, Workflows, assert_replays
from stepwell.testing.replays import locate_step

BEFORE = """
from workers import WorkflowEntrypoint

class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("reserve")
        async def reserve():
            return 1

        @step.do("charge")
        async def charge():
            return 2

        return await reserve() + await charge()
"""
RENAMED = BEFORE.replace('"charge"', '"pay"')
OTHER_OUTPUT = BEFORE.replace("return await reserve()", "return 100 + await reserve()")
RANDOM = """
import random
from workers import WorkflowEntrypoint

class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do(f"step {random.random()}")
        async def drawn():
            return 1

        return await drawn()
"""
REFUSED = """
from workers import WorkflowEntrypoint

class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        found = []
        for call in (
            lambda: step.wait_for_event("too short", "paid", timeout="0 seconds"),
            lambda: step.sleep("too long", "400 days"),
            lambda: step.sleep("two\\nlines", "1 day"),
        ):
            try:
                await call()
            except Exception as error:
                found.append(str(error))
        await step.sleep("fine", "1 day")
        return found
"""


@pytest.fixture
def flow(tmp_path):
    path = tmp_path / "flow.py"
    path.write_text(BEFORE)
    return path


@pytest.fixture
def stored(flow, tmp_path):
    """Three stored runs of the flow."""
    with Workflows(flow) as workflows:
        for name in ("a", "b", "c"):
            instance = workflows.start("Order", id=name)
            instance.wait_for_status("complete")
            instance.export(tmp_path / f"{name}.run.sqlite")
    return str(tmp_path / "*.run.sqlite")


def test_sound_instances_are_replayed(flow):
    """An instance that is deterministic passes at the end of its test."""
    with Workflows(flow) as workflows:
        assert workflows.run("Order") == 3


def test_divergence_fails_the_test(flow):
    """An instance whose code does something else in a replay fails the test, which names both steps."""
    flow.write_text(RANDOM)

    with pytest.raises(ReplayError) as caught, Workflows(flow) as workflows:
        workflows.run("Order", id="one")

    assert "instance 'one' of workflow 'Order' is not replayed as it ran" in str(caught.value)
    assert "is called, and the history does not have it" in str(caught.value)
    assert "(attempt 1) is in the history, and is not called" in str(caught.value)
    assert f"It may be because of this: random.random() is used between steps at {flow}:7." in str(caught.value)


@pytest.mark.filterwarnings("ignore::stepwell.testing.DeterminismWarning")
@pytest.mark.stepwell(replay=False)
def test_mark_turns_it_off(flow):
    """A test may say that its instances are not to be replayed."""
    flow.write_text(RANDOM)

    with Workflows(flow) as workflows:
        workflows.run("Order")


def test_stored_runs(flow, stored):
    """Stored runs are replayed by the code that made them."""
    assert_replays(stored, target=flow)


def test_renamed_step(flow, stored):
    """A step that was renamed is named with its line, and the step that is missing with its attempt."""
    flow.write_text(RENAMED)

    with pytest.raises(ReplayError) as caught:
        assert_replays(stored, target=flow)

    text = str(caught.value)
    assert "3 of 3 runs are not replayed as they ran" in text
    assert f"step 'pay-1' is called, and the history does not have it ({flow}:10)" in text
    assert "step 'charge-1' (attempt 1) is in the history, and is not called" in text


def test_other_output(flow, stored):
    """An output that differs is named with the one that was."""
    flow.write_text(OTHER_OUTPUT)

    with pytest.raises(ReplayError, match="it ends with 103, and ended with 3"):
        assert_replays(stored, target=flow)


def test_class_that_is_gone(flow, stored):
    """A class that the code has no more is named, with those that it has."""
    flow.write_text(BEFORE.replace("class Order", "class Ordering"))

    with pytest.raises(ReplayError, match=r"flow.py has no class Order. Found: Ordering."):
        assert_replays(stored, target=flow)


@pytest.mark.parametrize(
    ("name", "text"), [("none*.run.sqlite", "No run file matches"), ("flow.py", "cannot be replayed")]
)
def test_bad_files(flow, tmp_path, name, text):
    """A pattern without files, and a file that is no run file, are refused."""
    with pytest.raises(AssertionError, match=text):
        assert_replays(tmp_path / name, target=flow)


def test_command(flow, stored, tmp_path):
    """`stepwell test --replay` exits with 0 while all runs are replayed, with 1 where the code breaks some."""
    assert (0, "3 of 3 runs are replayed as they ran.\n") == command(
        tmp_path, "--target", "flow.py", "--replay", stored
    )

    flow.write_text(RENAMED)
    code, out = command(tmp_path, "--target", "flow.py", "--replay", stored)
    assert (1, "0 of 3 runs are replayed as they ran.") == (code, out.splitlines()[-1])

    code, out = command(tmp_path, "--target", "flow.py", "--json", "--replay", stored)
    assert [False] * 3 == [each["same"] for each in json.loads(out)]


def test_annotations(flow, stored, tmp_path):
    """On GitHub each divergence is an annotation of its file and line."""
    flow.write_text(RENAMED)

    _, out = command(
        tmp_path, "--target", "flow.py", "--replay", stored, GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(tmp_path)
    )

    text = "step 'pay-1' is called, and the history does not have it"
    assert f"::error file=flow.py,line=10::a.run.sqlite: {text}" in out.splitlines()


def test_command_without_files(tmp_path):
    """Without files it says how to name them."""
    code, out = command(tmp_path)

    assert code == 2
    assert "stepwell test --replay 'runs/*.run.sqlite'" in out


def command(folder, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "stepwell", "test", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "GITHUB_ACTIONS": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_action(flow, stored, tmp_path):
    """The script of the GitHub Action replays the files of its inputs, and annotates what breaks them."""
    flow.write_text(RENAMED)
    script = Path(__file__).parents[2] / "actions" / "replay" / "replay.sh"
    folder = Path(sys.executable).parent
    runs = f"{tmp_path}/a.run.sqlite\n\n{tmp_path}/b.run.sqlite\n"
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "RUNS": runs, "TARGET": "flow.py"}

    done = subprocess.run([script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stderr
    assert "::error file=flow.py,line=10::a.run.sqlite" in done.stdout
    assert "0 of 2 runs" in done.stdout


def test_refused_calls(flow):
    """A call that was refused is refused again in a replay: the history has no trace of it."""
    flow.write_text(REFUSED)

    with Workflows(flow) as workflows:
        assert len(workflows.run("Order")) == 3


def test_code_comes_before_its_tests(tmp_path):
    """A step is found in the code, also where a test before it in the alphabet names the step."""
    (tmp_path / "trip.py").write_text('# the trip\n@step.do("pay")\n')
    (tmp_path / "test_trip.py").write_text('mock_step_result("pay", 1)\n')

    assert (tmp_path / "trip.py", 2) == locate_step("pay-1", tmp_path)
