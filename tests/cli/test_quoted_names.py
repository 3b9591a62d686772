"""Names and ids as parts of paths: none leads to another path."""

import pytest

from stepwell.exceptions import InputError
from stepwell.http_connection import quoted


@pytest.mark.parametrize("name", ["", ".", "..", "x\ud800"])
def test_names_that_lead_elsewhere(name):
    """A name that servers take for another path is refused."""
    with pytest.raises(InputError, match="is not a name or an id"):
        quoted(name)


@pytest.mark.parametrize(
    ("name", "part"), [("a/..", "a%2F.."), ("...", "..."), ("a?b#c", "a%3Fb%23c"), ("ü\udcff", "%C3%BC%FF")]
)
def test_names(name, part):
    """Any other name is one part of a path."""
    assert part == quoted(name)
