"""How lengths of time and names are written."""

import pytest

from stepwell.formatting import duration, shortened, step_title


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.00 s"),
        (0.018, "0.02 s"),
        (3.14, "3.1 s"),
        (59.96, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3 * 86_400 + 4 * 3600 + 59, "3 d 4 h"),
    ],
)
def test_duration(seconds, text):
    """Two units at most."""
    assert text == duration(seconds)


@pytest.mark.parametrize(("name", "title"), [("charge-1", "charge"), ("charge-2", "charge-2"), ("a-1-1", "a-1")])
def test_step_title(name, title):
    """The count is shown from the second on."""
    assert title == step_title(name)


def test_shortened():
    """What is cut off is counted."""
    assert "abc… [2 more characters]" == shortened("abcde", 3)
