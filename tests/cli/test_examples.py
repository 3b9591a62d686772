"""The examples, as their docstrings say to run them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from places import until

if TYPE_CHECKING:
    from places import Place

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def examples(place: Place) -> Place:
    """A place that has the examples in a folder."""
    shutil.copytree(EXAMPLES, place.folder / "examples")
    return place


def test_order(examples: Place) -> None:
    """The payment fails twice, then the order goes through."""
    done = examples.run("run", "examples/order.py")

    assert done.code == 0, done.err
    assert done.json["payment"] == {"payment_id": "pay-A-1001", "amount": 6900}
    assert done.json["courier"]["pieces"] == 3
    assert "ConnectionError: The payment provider did not answer." in done.err


def test_order_declined(examples: Place) -> None:
    """A declined card is not tried again; the stock is put back, and the traceback is that of the user's lines."""
    done = examples.run("run", "examples/order.py", "--params", '{"card": "declined"}')

    assert done.code == 1
    assert "NonRetryableError: The card was declined." in done.err
    assert "release stock: complete" in done.err
    assert done.err.count('  File "') == 2


def test_document_index(examples: Place) -> None:
    """The shipped texts are found and ranked."""
    done = examples.run("run", "examples/document_index.py")

    assert done.code == 0, done.err
    assert done.json["files"] == 4
    assert done.json["found"][0]["file"] == "texts/gettysburg_address.txt"


def test_document_index_of_given_files(examples: Place) -> None:
    """Files that are given are read; one that is not there ends the run."""
    examples.write("examples/mine.txt", "Nobody expects a walrus.")

    done = examples.run(
        "run", "examples/document_index.py", "--params", '{"files": ["mine.txt"], "query": "a walrus, please"}'
    )
    assert [found["text"] for found in done.json["found"]] == ["Nobody expects a walrus."]

    done = examples.run("run", "examples/document_index.py", "--params", '{"files": ["yours.txt"]}')
    assert done.code == 1
    assert "There is no file 'yours.txt'" in done.err


def test_grocery_agent(examples: Place) -> None:
    """The agent plans the list that a person sends."""
    agent = examples.start("run", "examples/grocery_agent.py", "--id", "groceries")
    agent.read_until("waiting for event")

    sent = examples.run(
        *("workflows", "instances", "send-event", "GroceryAgent", "groceries", "--type", "shopping-list"),
        *("--payload", '{"items": ["Milk", "2 apples", "a violin"]}'),
    )
    done = agent.wait()

    assert sent.code == 0, sent.err
    assert done.json == {
        "list_from": "Ada",
        "walk": {
            "dairy": [{"name": "milk", "quantity": 1}],
            "fruit": [{"name": "apples", "quantity": 2}],
            "ask the staff": [{"name": "a violin", "quantity": 1}],
        },
    }


def test_grocery_agent_without_a_list(examples: Place) -> None:
    """If nobody answers, the usual things are bought."""
    done = examples.run("run", "examples/grocery_agent.py", "--params", '{"timeout": "1 second"}')

    assert done.json["list_from"] == "habit"


@pytest.mark.parametrize(("checked_out_after", "reminders"), [(None, 2), (0, 0), (1, 1)])
def test_cart_reminder(examples: Place, checked_out_after: int | None, reminders: int) -> None:
    """The customer is reminded until the cart is checked out."""
    params = {"first": 20, "further": 20, "checked_out_after": checked_out_after}

    done = examples.run("run", "examples/cart_reminder.py", "--params", json.dumps(params))

    assert done.json["checked_out"] == (checked_out_after is not None)
    assert len(done.json["reminders"]) == reminders


def test_folder(examples: Place) -> None:
    """The folder is a project: its configuration names the workflows, its modules import each other."""
    done = examples.run("run", "examples", "--workflow", "OrderWorkflow", "--quiet")

    assert done.code == 0, done.err
    assert done.json["order_id"] == "A-1001"


def send(examples: Place, workflow: str, instance: str, event: str, payload: object = None) -> None:
    command = ("workflows", "instances", "send-event", workflow, instance, "--type", event)
    sent = examples.run(*command, "--payload", json.dumps(payload))
    assert sent.code == 0, sent.err


def test_model_review(examples: Place) -> None:
    """A person sends the model into another round, and ships the second one."""
    review = examples.start("run", "examples/model_review.py", "--id", "review")
    review.read_until("waiting for event 'review-1'")
    send(examples, "ModelReview", "review", "review-1", {"ship": False})
    review.read_until("waiting for event 'review-2'")
    send(examples, "ModelReview", "review", "review-2", {"ship": True})

    done = review.wait()

    assert done.json == {"shipped": True, "round": 2, "score": 1.0, "words": 17, "labelled": 4}, done.err


def test_model_review_without_a_person(examples: Place) -> None:
    """Without answers the loop ends with the best model."""
    done = examples.run("run", "examples/model_review.py", "--params", '{"timeout": "1 second", "per_round": 6}')

    assert (done.json["shipped"], done.json["labelled"]) == (False, 6)


def test_onboarding(examples: Place) -> None:
    """The address is confirmed and a person has seen the passport, in any order."""
    params = {"name": "Ada", "email": "ada@example.com"}
    customer = examples.start("run", "examples/onboarding.py", "--id", "ada", "--params", json.dumps(params))
    customer.read_until("waiting for event 'identity'")
    send(examples, "Onboarding", "ada", "identity", {"result": "unclear"})
    customer.read_until("waiting for event 'passport-seen'")
    send(examples, "Onboarding", "ada", "passport-seen", {"genuine": True})
    send(examples, "Onboarding", "ada", "email-confirmed")

    done = customer.wait()

    assert done.json == {"account": "ada-at-example.com", "identity": "clear"}, done.err
    assert "Welcome, Ada!" in done.err


def test_onboarding_refused(examples: Place) -> None:
    """A refused identity undoes the account."""
    params = {"name": "Eve", "email": "eve@example.com"}
    customer = examples.start("run", "examples/onboarding.py", "--id", "eve", "--params", json.dumps(params))
    customer.read_until("waiting for event 'identity'")
    send(examples, "Onboarding", "eve", "identity", {"result": "refused"})

    done = customer.wait()

    assert done.code == 1
    assert "NonRetryableError: The identity was refused." in done.err
    assert "deleting account eve-at-example.com" in done.err


def test_rolling_update(examples: Place) -> None:
    """Every server gets the version."""
    done = examples.run("run", "examples/rolling_update.py")

    assert done.json == {"version": "1.1", "servers": ["eu-1", "eu-2", "us-1", "us-2"]}, done.err


def test_rolling_update_that_fails(examples: Place) -> None:
    """What was updated goes back, the last first; the others were never touched."""
    done = examples.run("run", "examples/rolling_update.py", "--params", '{"version": "2.0", "broken": "eu-2"}')

    assert done.code == 1
    assert "NonRetryableError: eu-2 does not answer." in done.err
    assert done.err.index("eu-2: back to 1.0") < done.err.index("eu-1: back to 1.0")
    assert "us-1" not in done.err


def test_daily_report(examples: Place) -> None:
    """A region that does not answer is tried again, then named; the report is sent."""
    done = examples.run("run", "examples/daily_report.py", "--params", '{"day": "2026-11-29"}')

    assert {**done.json, "sent": 0} == {"day": "2026-11-29", "missing": ["west"], "sent": 0, "total": 510}, done.err
    assert "west does not answer (attempt 3)" in done.err


def test_daily_report_on_its_schedule(examples: Place) -> None:
    """An instance that a schedule makes reports on the day before the schedule's time."""
    # Once a year, so that none of its times comes while this runs.
    workflow = {"binding": "R", "name": "daily-report", "class_name": "DailyReport", "schedules": ["0 6 1 1 *"]}
    configuration = {"name": "reports", "main": "daily_report.py", "workflows": [workflow]}
    examples.write("examples/wrangler.jsonc", json.dumps(configuration))
    serving = examples.start("serve", "examples")
    serving.read_until("next at")
    serving.interrupt()
    serving.wait()
    with closing(sqlite3.connect(examples.state)) as state, state:
        state.execute("UPDATE schedules SET done = done - 366 * 86400000")

    examples.start("serve", "examples").read_until("next at")

    def completed() -> list[str]:
        listed = examples.run("workflows", "instances", "list", "daily-report", "--status", "complete", "--json")
        return [instance["id"] for instance in listed.json]

    until(lambda: bool(completed()), "no instance of the schedule has ended")
    shown = examples.run("workflows", "instances", "describe", "daily-report", completed()[0], "--json")
    assert shown.json["output"]["day"].endswith("-12-31")
