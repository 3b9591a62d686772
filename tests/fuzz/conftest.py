"""Fixtures of the fuzz tests."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from places import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.dispose()


@pytest.fixture
def chance(request):
    """Seeded chance of one test; `STEPWELL_SEED` makes the same cases again."""
    seed = os.environ.get("STEPWELL_SEED", str(random.randrange(2**32)))
    print(f"STEPWELL_SEED={seed}")
    return random.Random(f"{seed} {request.node.name}")
