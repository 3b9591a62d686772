"""The timeline of a run, for snapshot tests and for tests that fail."""

from pathlib import Path

from stepwell.testing import Workflows

FLOWS = Path(__file__).parent / "flows"
TIMELINE = (FLOWS / "timeline.txt").read_text(encoding="utf-8").splitlines()


def test_timeline():
    """A timeline has what happened, with its times since the creation, and what was printed."""
    with Workflows(FLOWS / "timeline.py") as workflows:
        instance = workflows.start("Order")
        instance.wait_for_step_result("reserve")
        workflows.clock.advance("1 hour")
        instance.send_event("paid", {"amount": 3})
        instance.wait_for_status("errored")

        assert TIMELINE == [line.strip() for line in instance.timeline().splitlines()]


def test_failed_test_shows_it(run_suite):
    """A test that fails shows the timelines of its instances."""
    text = "def test_it(workflows):\n    workflows.start('Order', id='one').wait_for_status('complete')\n"
    flow = (FLOWS / "timeline.py").read_text()

    out = run_suite(text, files={"flow.py": flow}, config="[pytest]\nstepwell_target = flow.py\n")

    assert "workflows call" in out.lower(), out
    assert "Order 'one': errored" in out
    assert "reserve-1 attempt 1 failed: ValueError: busy, again after 1 min" in out
    assert "payment-1 timed out" in out
