"""Test doubles: objects of the test in the place of bindings."""

import asyncio
from pathlib import Path

import pytest

from stepwell.testing import Workflows, check_all_crashes
from stepwell.testing.async_client import AsyncClient

FLOW = Path(__file__).parent / "flows" / "doubled.py"


class Payments:
    """Fails so many times before it charges."""

    def __init__(self, failures=0):
        self.failures = failures
        self.charged = []

    def charge(self, amount, options):
        if len(self.charged) < self.failures:
            self.charged.append(None)
            raise ConnectionError("no answer")
        self.charged.append((amount, options["currency"]))
        return {"id": len(self.charged)}


class AsyncPayments:
    async def charge(self, amount, options):
        await asyncio.sleep(0)
        return [amount, options["currency"]]


def run(payments, currency="EUR"):
    with Workflows(FLOW) as workflows:
        worker = workflows.worker(env={"PAYMENTS": payments, "CURRENCY": currency})
        return worker.env.PAY.create(params={"amount": 5}).result()


def test_object_of_the_test():
    """A binding's call is answered by the object of the test, in the test process."""
    payments = Payments()

    assert {"id": 1} == run(payments)
    assert [(5, "EUR")] == payments.charged


def test_every_run_has_it():
    """A target that was given doubles runs with them wherever its workflows are named."""
    payments = Payments()
    with Workflows(FLOW) as workflows:
        workflows.worker(env={"PAYMENTS": payments, "CURRENCY": "EUR"})

        assert {"id": 1} == workflows.run("Pay", {"amount": 5})
        assert check_all_crashes("Pay", {"amount": 5}, workflows=workflows).runs < len(payments.charged)


def test_error_of_a_double():
    """What the object raises is raised in the step, which is repeated."""
    payments = Payments(failures=2)

    assert {"id": 3} == run(payments, "USD")
    assert [None, None, (5, "USD")] == payments.charged


def test_asynchronous_double():
    """A method of the object may be asynchronous."""
    assert [5, "GBP"] == run(AsyncPayments(), "GBP")


def test_missing_method():
    """A method that the object does not have is named."""
    with pytest.raises(Exception, match=r"The double of env.PAYMENTS has no method charge\(\)"):
        run(object())


def test_asynchronous_client():
    """An asynchronous test awaits the same methods."""

    async def test():
        async with AsyncClient(Workflows(FLOW)) as workflows:
            worker = await workflows.worker(env={"PAYMENTS": Payments(), "CURRENCY": "EUR"})
            instance = await worker.env.PAY.create(params={"amount": 1})
            await instance.wait_for_status("complete")
            return await instance.output()

    assert {"id": 1} == asyncio.run(test())
