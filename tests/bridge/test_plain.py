"""Objects of the user's on their way to the engine."""

import pytest

from _workflows_bridge.plain import UnsendableError, check_depth


class Counted(list):
    """A list that counts how often it is looked into."""

    looks = 0

    def __iter__(self):
        Counted.looks += 1
        return super().__iter__()


def nested(levels):
    value = Counted()
    for _ in range(levels - 1):
        value = Counted([value])
    return value


def test_beyond_the_limit_nothing_is_looked_at():
    """A value of many levels costs as much as one that is just too deep."""
    Counted.looks = 0

    with pytest.raises(UnsendableError, match="nested deeper than 64 levels"):
        check_depth(nested(100_000), "It")

    assert Counted.looks < 100
