"""Order exploration: faults that only another order of completion shows are found, and made small."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from stepwell.testing import OrderError, TestKitError, Workflows, check_all_orders

FLOWS = Path(__file__).parent / "flows" / "orders.py"


@pytest.mark.parametrize("workflow", ["Sound", "DeepDiamond"])
def test_sound_workflow(workflow):
    """A workflow whose end does not depend on the order passes in all orders."""
    with Workflows(FLOWS) as workflows:
        report = check_all_orders(workflow, workflows=workflows)

    assert report.complete
    assert report.runs > 1


def test_all_orders_are_tried():
    """Three steps side by side have six orders."""
    with Workflows(FLOWS) as workflows:
        assert check_all_orders("Sound", workflows=workflows).runs == 6


def test_order_that_matters():
    """An end that depends on the order is found, with the smallest order that shows it."""
    with pytest.raises(OrderError) as caught, Workflows(FLOWS) as workflows:
        check_all_orders("ByOrder", workflows=workflows)

    text = str(caught.value)
    assert "it has ended as ('complete', 'second', None)" in text
    assert text.count("ends before") == 1
    seed = text.rpartition("--stepwell-seed=")[2]
    with pytest.raises(OrderError), Workflows(FLOWS) as workflows:
        check_all_orders("ByOrder", workflows=workflows, seed=seed)


def test_other_ends_may_be_meant():
    """A test may allow several ends."""
    with Workflows(FLOWS) as workflows:
        assert check_all_orders("ByOrder", workflows=workflows, same=False, runs=10).runs > 5


@pytest.mark.parametrize(
    ("options", "text"),
    [({"runs": 0}, "runs is 0; it must be a number from 1"), ({"seed": "crash:1"}, "'crash:1' is not a seed")],
)
def test_bad_arguments(options, text):
    """An argument with which nothing would be explored is refused."""
    with Workflows(FLOWS) as workflows, pytest.raises(TestKitError, match=text):
        check_all_orders("Sound", workflows=workflows, **options)


def test_step_that_runs_twice():
    """Cloudflare's own SDK runs the shared step of a deep diamond twice, and the search needs no hint."""
    try:
        distribution("workers-runtime-sdk")
    except PackageNotFoundError:
        pytest.skip("workers-runtime-sdk is not installed")
    with pytest.raises(OrderError, match="the callback of step 'a' has run 2 times; the source runs it once"):
        check_all_orders("DeepDiamond", workflows=Workflows(FLOWS, sdk="upstream"))
