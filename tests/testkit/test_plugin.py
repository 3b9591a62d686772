"""The pytest plugin, in suites of its own: every way to write a test, and what it says of bad ones."""

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


def test_fixture_of_a_session(run_suite):
    """A fixture that lives for the session has a fresh engine, and a fresh clock, in each test."""
    text = """
import pytest
from stepwell.testing import Workflows

@pytest.fixture(scope="session")
def worker():
    with Workflows("flow.py") as workflows:
        worker = workflows.worker()
        worker.clock = workflows.clock
        yield worker

@pytest.mark.parametrize("n", range(2))
def test_it(worker, n):
    began = worker.clock.now()
    assert (began.year, began.month, began.day) == (2026, 1, 1)
    assert worker.env.GREET.create(id="same").result() == "hello you"
    assert worker.clock.now().day == 2
"""

    assert "2 passed" in run_suite(text, "-q", files=FILES, config=CONFIG)


def test_classes_of_files(run_suite):
    """A test can import a workflow and run its class."""
    text = "import sys\nsys.path.insert(0, '.')\nfrom flow import Greet\n\ndef test_it(workflows):\n    assert workflows.run(Greet) == 'hello you'\n"

    assert "1 passed" in run_suite(text, "-q", files=FILES)


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
    assert 'stepwell_target = "flow.py"' in out


def test_step_that_spins(run_suite):
    """A step that spins ends by its own timeout."""
    text = "import pytest\n\ndef test_it(workflows):\n    with pytest.raises(Exception, match='timed out after 60000ms'):\n        workflows.run('Spin')\n"

    assert "1 passed" in run_suite(text, "-q", files=FILES, config=CONFIG)


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
