"""Typed payloads: what `run` is annotated with, as a check, a conversion and a schema."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import pytest
from pydantic import BaseModel, Field

from workers import WorkflowEntrypoint
from workers._payload import PayloadError, payload_type, to_typed
from workers._payload_schema import payload_schema

if TYPE_CHECKING:
    from workers._step import WorkflowStep
    from workers._workflow import WorkflowEvent


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Item:
    name: str
    price: float
    colour: Colour | None = None


@dataclass
class Order:
    items: list[Item]
    customer: str = "Ada"
    kind: Literal["gift", "own"] = "own"
    due: datetime | None = None
    notes: dict[str, int] = field(default_factory=dict)


class Ticket(BaseModel):
    seat: int = Field(ge=1)
    names: list[str] = []


class OrderEvent(TypedDict):
    payload: Order


class Typed(WorkflowEntrypoint):
    async def run(self, event: OrderEvent, step: WorkflowStep) -> Any: ...


class Generic(WorkflowEntrypoint):
    async def run(self, event: WorkflowEvent[Order], step: WorkflowStep) -> Any: ...


class Direct(WorkflowEntrypoint):
    async def run(self, event: Ticket, step) -> Any: ...


class Untyped(WorkflowEntrypoint):
    async def run(self, event, step): ...


class Plain(WorkflowEntrypoint):
    async def run(self, event: dict[str, Any], step: WorkflowStep) -> Any: ...


class Unknown(WorkflowEntrypoint):
    async def run(self, event: WorkflowEvent[Nowhere], step) -> Any: ...  # noqa: F821


@pytest.mark.parametrize(
    ("cls", "expected"),
    [(Typed, Order), (Generic, Order), (Direct, Ticket), (Untyped, None), (Plain, None), (Unknown, None)],
)
def test_annotation(cls, expected):
    """The type stands in the annotation of the event."""
    assert payload_type(cls) is expected


def test_conversion():
    """JSON becomes the objects that the fields are annotated with."""
    given = {
        "items": [{"name": "tea", "price": 3, "colour": "red"}, {"name": "milk", "price": 1.5}],
        "kind": "gift",
        "due": "2026-12-24T18:00:00+00:00",
        "notes": {"a": 1},
    }

    order = to_typed(Order, given)

    assert order == Order(
        [Item("tea", 3.0, Colour.RED), Item("milk", 1.5)],
        kind="gift",
        due=datetime(2026, 12, 24, 18, tzinfo=UTC),
        notes={"a": 1},
    )
    assert type(order.items[0].price) is float


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("x", "payload: expected an object (Order), received 'x'."),
        ({}, "payload.items: missing."),
        ({"items": {}}, "payload.items: expected an array, received {}."),
        ({"items": [{"name": "tea"}]}, "payload.items[0].price: missing."),
        ({"items": [{"name": "tea", "price": "3"}]}, "payload.items[0].price: expected a number, received '3'."),
        ({"items": [{"name": "tea", "price": True}]}, "payload.items[0].price: expected a number, received True."),
        (
            {"items": [{"name": "tea", "price": 1, "colour": "green"}]},
            "payload.items[0].colour: expected one of 'red', 'blue', received 'green'.",
        ),
        ({"items": [], "customr": "x"}, "payload.customr: unknown field. Did you mean 'customer'?"),
        ({"items": [], "kind": "loan"}, "payload.kind: expected one of 'gift', 'own', received 'loan'."),
        ({"items": [], "due": "tomorrow"}, "payload.due: expected an ISO date and time, received 'tomorrow'."),
        ({"items": [], "notes": {"a": "b"}}, "payload.notes.a: expected an integer, received 'b'."),
    ],
)
def test_refusal(given, message):
    """The message begins with the path of what is wrong."""
    with pytest.raises(PayloadError, match=f"^{re.escape(message)}$"):
        to_typed(Order, given)


@pytest.mark.parametrize("kind", [set, set[Any], frozenset[Item]])
def test_set_of_what_no_set_can_hold(kind):
    """It is the payload's fault, which trying again does not mend."""
    given = [{"name": "tea", "price": 3}]

    with pytest.raises(PayloadError, match=r"^payload: expected an array of values that a set can hold, received \["):
        to_typed(kind, given)


def test_pydantic():
    """A pydantic model checks itself; the path is written in the same way."""
    assert to_typed(Ticket, {"seat": 3}) == Ticket(seat=3)
    with pytest.raises(PayloadError, match=r"^payload\.names\[1\]: Input should be a valid string\.$"):
        to_typed(Ticket, {"seat": 3, "names": ["a", 1]})


def test_schema():
    """The schema of a dataclass, with those inside it."""
    assert payload_schema(Typed) == {
        "title": "Order",
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
            "customer": {"type": "string"},
            "kind": {"enum": ["gift", "own"]},
            "due": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
            "notes": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
        "additionalProperties": False,
        "required": ["items"],
        "$defs": {
            "Item": {
                "title": "Item",
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "price": {"type": "number"},
                    "colour": {"anyOf": [{"enum": ["red", "blue"]}, {"type": "null"}]},
                },
                "additionalProperties": False,
                "required": ["name", "price"],
            }
        },
    }
    assert payload_schema(Direct) == Ticket.model_json_schema()
    assert payload_schema(Untyped) is None
