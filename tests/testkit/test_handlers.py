"""Handlers of a project: a test calls them, and sees the instances that they create."""

from pathlib import Path

import pytest

from stepwell.testing import Workflows

PROJECT = Path(__file__).parent / "flows" / "handled"


@pytest.fixture
def worker():
    with Workflows(PROJECT) as workflows:
        yield workflows.worker()


def test_fetch(worker):
    """A request creates an instance, which the test drives."""
    response = worker.fetch("/orders", method="POST", json={"amount": 3})

    assert (201, {"id": "from-fetch"}) == (response.status, response.json())
    assert {"amount": 3} == worker.env.ORDERS.get("from-fetch").result()


def test_refusal(worker):
    """Status and text are what the handler gives."""
    response = worker.fetch("/orders")

    assert (405, "POST an order") == (response.status, response.text)


def test_scheduled_and_queue(worker):
    """A scheduled time and a batch of messages reach their handlers."""
    with worker.introspect_workflow("ORDERS") as introspector:
        worker.scheduled("0 9 * * *")
        worker.queue("incoming", [{"n": 1}, {"n": 2}])
        results = {each.id: each.result() for each in introspector.get()}

    assert {"from-schedule": "0 9 * * *", "from-message-1": {"n": 1}, "from-message-2": {"n": 2}} == results
