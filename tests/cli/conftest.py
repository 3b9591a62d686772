"""Fixtures of the command line's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from places import APPROVAL, ORDER, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.dispose()


@pytest.fixture
def order(place: Place) -> Path:
    """A workflow of two steps."""
    return place.write("order.py", ORDER)


@pytest.fixture
def approval(place: Place) -> Path:
    """A workflow that waits for an event."""
    return place.write("approval.py", APPROVAL)
