"""The pytest plugin, in suites of its own: every way to write a test, and what it says of bad ones."""

import re

import pytest

FLOW = """
import asyncio
from workers import WorkflowEntrypoint

class Greet(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep("nap", "1 day")
        @step.do("greet")
        async def greet():
            print("greeting")
            return "hello " + event["payload"].get("name", "you")
        return await greet()

class Spin(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("spin", config={"retries": {"limit": 0, "delay": 0}, "timeout": "1 minute"})
        async def spin():
            while True:
                pass
        return await spin()

class Forever(WorkflowEntrypoint):
    async def run(self, event, step):
        await asyncio.Event().wait()
"""
FILES = {"flow.py": FLOW}
CONFIG = "[pytest]\nstepwell_target = flow.py\n"

EVERY_KIND = """
import asyncio
import unittest
import pytest
from stepwell.testing import Workflows

def test_plain(workflows):
    assert workflows.run("Greet") == "hello you"

@pytest.mark.asyncio
async def test_asyncio(workflows):
    await asyncio.sleep(0)
    assert workflows.run("Greet", {"name": "a"}) == "hello a"

@pytest.mark.anyio
async def test_anyio(worker):
    assert worker.env.GREET.create(params={"name": "b"}).result() == "hello b"

class Case(unittest.IsolatedAsyncioTestCase):
    async def test_unittest(self):
        workflows = self.enterContext(Workflows("flow.py"))
        self.assertEqual(workflows.run("Greet"), "hello you")
"""


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_every_kind_of_test(run_suite, mode):
    """Plain and asynchronous tests, those of anyio and of unittest have the same fixtures."""
    pytest.importorskip("pytest_asyncio")
    conftest = "import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    config = f"{CONFIG}asyncio_mode = {mode}\nmarkers =\n    anyio\n"
    if mode == "auto":  # anyio's own mark gives way there
        config += "addopts = -p no:anyio\n"

    out = run_suite(EVERY_KIND, "-q", files={**FILES, "conftest.py": conftest}, config=config)

    assert "4 passed" in out, out


def test_side_by_side(run_suite):
    """Each process of pytest-xdist has a host of its own."""
    pytest.importorskip("xdist")
    text = "import pytest\n\n@pytest.mark.parametrize('n', range(4))\ndef test_it(workflows, n):\n    assert workflows.run('Greet', {'name': str(n)}) == f'hello {n}'\n"

    assert "4 passed" in run_suite(text, "-q", "-n2", files=FILES, config=CONFIG)


SUITE = """
import sys
import pytest
from stepwell.testing import Workflows, check_all_crashes

sys.path.insert(0, ".")
from flow import Greet

@pytest.fixture(scope="session")
def session_worker():
    with Workflows("flow.py") as workflows:
        worker = workflows.worker()
        worker.clock = workflows.clock
        yield worker

@pytest.mark.parametrize("n", range(2))
def test_fixture_of_a_session(session_worker, n):
    began = session_worker.clock.now()
    assert (began.year, began.month, began.day) == (2026, 1, 1)
    assert session_worker.env.GREET.create(id="same").result() == "hello you"
    assert session_worker.clock.now().day == 2

def test_class(workflows):
    assert workflows.run(Greet) == "hello you"

def test_target_of_functions():
    assert check_all_crashes("Greet", pairs=0).runs > 5

def test_spin(workflows):
    with pytest.raises(Exception, match="timed out after 60000ms"):
        workflows.run("Spin")
"""


@pytest.fixture(scope="module")
def passed(run_in, tmp_path_factory):
    """Names of the tests of `SUITE` that have passed."""
    out = run_in(tmp_path_factory.mktemp("suite"), SUITE, "-v", files=FILES, config=CONFIG)
    return re.findall(r"::(\S+) PASSED", out)


def test_fixture_of_a_session(passed):
    """A fixture that lives for the session has a fresh engine, and a fresh clock, in each test."""
    assert {"test_fixture_of_a_session[0]", "test_fixture_of_a_session[1]"} <= set(passed)


def test_classes_of_files(passed):
    """A test can import a workflow and run its class."""
    assert "test_class" in passed


def test_target_of_functions(passed):
    """Explorations run the workflows of the target that the configuration names."""
    assert "test_target_of_functions" in passed


def test_step_that_spins(passed):
    """A step that spins ends by its own timeout."""
    assert "test_spin" in passed


BAD = {
    "unfinished": (
        "def test_it(workflows):\n    workflows.start('Greet', id='left')\n",
        "UnfinishedError: Instance 'left' of workflow 'Greet' has not ended: its status is 'running'",
    ),
    "step that never ran": (
        "def test_it(workflows):\n    i = workflows.introspect_workflow_instance('Greet', 'i')\n    i.modifier.mock_step_result('gret', 1)\n    workflows.run('Greet', id='i')\n",
        "ModifierError: mock_step_result('gret', index 1) of instance 'i' of workflow 'Greet': the step has never run.",
    ),
    "code that does not load": (
        "def test_it(workflows):\n    workflows.worker('broken.py')\n",
        "TestKitError: NameError: name 'undefined' is not defined",
    ),
    "waits for what it has itself": (
        "def test_it(workflows):\n    with workflows.start('Forever') as i:\n        i.wait_for_status('complete')\n",
        "WaitError: The wait for status 'complete' of instance 'instance-1' cannot be met: its status is 'running', and nothing is due",
    ),
    "mark": (
        "import pytest\n@pytest.mark.stepwell(runtme='cpython')\ndef test_it(workflows):\n    pass\n",
        "The mark is stepwell(target=None, runtime=None, start=None, replay=True)",
    ),
}


def test_bad_tests(run_suite):
    """Each test that goes wrong says what is wrong, and fails at once."""
    tests = [text.replace("test_it", f"test_{number}") for number, (text, _) in enumerate(BAD.values())]

    out = run_suite("\n".join(tests), "-q", files={**FILES, "broken.py": "undefined\n"}, config=CONFIG)

    assert [] == [expected for _, expected in BAD.values() if expected not in out], out
    assert " passed" not in out


def test_no_target(run_suite):
    """A test without a target says how to name one."""
    out = run_suite("def test_it(workflows):\n    workflows.run('Greet')\n", "-q", files=FILES)

    assert "No wrangler configuration was found" in out
    assert "stepwell_target = flow.py" in out


INSIDE = """
import pytest

@pytest.mark.stepwell(runtime="cpython")
def test_it(workflows):
    assert workflows.run("Greet") == "hello you"
"""


def test_coverage_and_debugger(run_suite, monkeypatch, tmp_path):
    """In cpython the lines of steps are measured, and a breakpoint in a step is the debugger's."""
    coverage = pytest.importorskip("coverage")
    monkeypatch.setenv("COVERAGE_PROCESS_START", str(tmp_path / "coveragerc"))
    monkeypatch.setenv("PYTHONBREAKPOINT", "hook.note")
    hook = "import sys\n\ndef note():\n    open('note.txt', 'w').write(repr(sys._getframe(2).f_locals['name']))\n"
    flow = FLOW.replace('            print("greeting")\n', '            name = "Ada"\n            breakpoint()\n')
    settings = f"[run]\nparallel = true\ndata_file = {tmp_path}/measured\nsource = {tmp_path}\n"

    out = run_suite(INSIDE, "-q", files={"flow.py": flow, "hook.py": hook, "coveragerc": settings}, config=CONFIG)

    assert "1 passed" in out, out
    assert "'Ada'" == (tmp_path / "note.txt").read_text()
    measured = coverage.CoverageData(str(tmp_path / "combined"))
    for path in tmp_path.glob("measured.*"):
        part = coverage.CoverageData(str(path))
        part.read()
        measured.update(part)
    line = flow.splitlines().index('            name = "Ada"') + 1
    assert line in (measured.lines(str(tmp_path / "flow.py")) or [])


@pytest.mark.parametrize("folder", ["python_modules", "python_modules-cpython", "flow.python_modules"])
def test_packages_of_the_guest_are_not_collected(run_suite, tmp_path, folder):
    """A test file of a package would make the package's folder importable in pytest's own process."""
    package = tmp_path / folder / "somepackage"
    package.mkdir(parents=True)
    (package / "test_cases.py").write_text("def test_of_the_package():\n    pass\n")

    out = run_suite("def test_greeting():\n    pass\n", "-v", config=CONFIG)

    assert re.findall(r"(\S+) PASSED", out) == ["test_it.py::test_greeting"], out
