"""Virtual time: it jumps when everything rests, user code sees it, and it moves for nothing else."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stepwell.testing import TestKitError, Workflows

FLOWS = Path(__file__).parent / "flows"
# They ask for the time between steps, which is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::stepwell.testing.DeterminismWarning")


@pytest.fixture(params=["pyodide", "cpython", "wasmtime"])
def long(request):
    """Workflows that take their time, in each runtime for Python."""
    if request.param == "wasmtime":
        pytest.importorskip("wasmtime")
    with Workflows(FLOWS / "long.py", runtime=request.param) as workflows:
        yield workflows


def test_a_year_passes_at_once(long):
    """A sleep of a year, three retries of an hour and a wait of a day take their time, but not ours."""
    began = long.clock.now()

    assert [4, "no news"] == long.run("Long")

    assert timedelta(days=366, hours=3) <= long.clock.now() - began < timedelta(days=366, hours=3, seconds=10)


def test_user_code_sees_it(long):
    """All clocks of Python agree with the clock of the test, in a step and between steps."""
    moved = {"year": 2026, "time": 300, "monotonic": 300, "loop": 300, "now": 300}

    assert {"step": moved, "run": moved} == long.run("Clocks")


def test_javascript_sees_it():
    """All clocks and timers of JavaScript agree with it."""
    moved = {"year": 2026, "text": "string", "now": 300, "date": 300, "steady": 300}

    with Workflows(FLOWS / "clocks.mjs") as workflows:
        assert {"step": moved, "run": moved} == workflows.run("JsClocks")


def test_blocking_sleep(long):
    """`time.sleep` moves the clock, and does not block the test."""
    began = long.clock.now()

    assert long.run("Blocking") == 60

    assert long.clock.now() - began >= timedelta(minutes=1)


def test_clock_moves_by_hand(long):
    """An instance that sleeps wakes when the test moves the clock as far, and not before."""
    instance = long.start("Long")
    long.clock.advance("364 days")
    asleep = instance.status()
    long.clock.advance(timedelta(days=2))

    assert ("waiting", "waiting") == (asleep, instance.status())
    assert instance.wait_for_step_result("flaky") == 4
    instance.dispose()


def test_clock_begins_the_same(long):
    """Each test begins at the same time."""
    assert datetime(2026, 1, 1, tzinfo=UTC) == long.clock.now()


def test_clock_begins_where_it_is_told():
    """A test can begin at a time of its own."""
    start = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)

    with Workflows(FLOWS / "long.py", start=start) as workflows:
        assert workflows.run("Clocks")["run"]["year"] == 2031


def test_beginning_is_checked():
    """A beginning that is no time is refused."""
    with pytest.raises(TestKitError, match="start is 'yesterday'; it must be a datetime"):
        Workflows(FLOWS / "long.py", start="yesterday")


def test_clock_does_not_go_back(long):
    """To move the clock back is refused."""
    with pytest.raises(AssertionError, match="does not go back"):
        long.clock.move_to(datetime(2025, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("duration", ["three days", -1, "-1 day"])
def test_durations_are_checked(long, duration):
    """What is no duration is refused by name."""
    with pytest.raises(AssertionError, match="is not a duration"):
        long.clock.advance(duration)


def test_no_jump(long):
    """With `jump` off a wait that needs time fails at once."""
    long.clock.jump = False
    instance = long.start("Long")

    with pytest.raises(AssertionError, match="time does not jump"):
        instance.wait_for_status("complete")
    instance.dispose()


def test_import_is_cheap():
    """An unrelated suite pays for the plugin with a few small modules: nothing of the test kit is loaded."""
    code = "import pytest, sys; before = set(sys.modules); import stepwell.testing.plugin; print(*sorted(set(sys.modules) - before))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert {"stepwell", "stepwell.testing", "stepwell.testing.current", "stepwell.testing.plugin"} == set(
        done.stdout.split()
    )


def test_classes_of_dates():
    """In cpython the classes of dates are what they are: only their clock is another."""
    with Workflows(FLOWS / "dates.py", runtime="cpython") as workflows:
        assert {
            "now": "2026-01-01T00:00:00",
            "utc": "2026-01-01T00:00:00+00:00",
            "today": "2026-01-01",
            "is": [True, True, True, True],
            "own": "Own",
            "sum": "2026-01-02",
            "text": "2026-01-01 00:00",
            "year": 2026,
            "pickled": True,
        } == workflows.run("Dates")


def test_what_is_real_takes_no_virtual_time():
    """In cpython code that waits for a thread or another process does not move the clock."""
    with Workflows(FLOWS / "dates.py", runtime="cpython") as workflows:
        began = workflows.clock.now()
        assert ["from a thread", "from a process\n", "from a queue"] == workflows.run("Real")

        assert began == workflows.clock.now()
