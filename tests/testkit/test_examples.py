"""No false alarm: the examples survive every crash and every order, and are deterministic."""

from pathlib import Path

import pytest

from stepwell.testing import Workflows, check_all_crashes, check_all_orders

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("file", "workflow", "params"),
    [
        ("order.py", "OrderWorkflow", None),
        ("order.py", "OrderWorkflow", {"card": "declined"}),
        ("cart_reminder.py", "CartReminder", None),
        ("daily_report.py", "DailyReport", None),
        ("rolling_update.py", "RollingUpdate", None),
    ],
)
def test_example(file, workflow, params):
    """Nothing is found in an example."""
    with Workflows(EXAMPLES / file) as workflows:
        workflows.start(workflow, params).wait_for_status("errored" if params else "complete")

        assert check_all_crashes(workflow, params, workflows=workflows, pairs=3).runs > 10
        assert check_all_orders(workflow, params, workflows=workflows, runs=10).runs > 0
