"""The examples, as their docstrings say to run them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
