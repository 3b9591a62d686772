"""JSON from the command line."""

import pytest

from stepwell.exceptions import InputError
from stepwell.params import MAX_BYTES, parse_json, read_params, same_json


def test_file(tmp_path):
    """Params may come from a file."""
    path = tmp_path / "params.json"
    path.write_text('{"city": "Zürich"}', encoding="utf-8")

    assert {"city": "Zürich"} == read_params(None, path)


def test_none_given():
    """Without params there are none: the caller decides what that means."""
    assert read_params(None, None) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{a: 1}", "--params is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
        ("", "--params is not JSON: Expecting value at line 1, column 1."),
        ("[1, NaN]", "--params is not JSON: NaN is not a JSON value."),
        ("[" * 100_000, "--params is nested too deeply."),
        (f'"{"x" * MAX_BYTES}"', "--params is 1,048,578 bytes long; the limit is 1,048,576 (1 MiB)."),
    ],
)
def test_not_json(text, message):
    """What is not JSON, or too much of it, is refused with the place or the limit."""
    with pytest.raises(InputError) as caught:
        parse_json(text, "--params")

    assert str(caught.value).startswith(message)


def test_both(tmp_path):
    """Params come from one place."""
    with pytest.raises(InputError, match="both given"):
        read_params("{}", tmp_path / "params.json")


def test_file_missing(tmp_path):
    """A file that is not there is named."""
    with pytest.raises(InputError, match=r"nope\.json' cannot be read: No such file"):
        read_params(None, tmp_path / "nope.json")


def test_file_not_text(tmp_path):
    """A file that is not text is refused."""
    path = tmp_path / "params.json"
    path.write_bytes(b'{"a": "\xff"}')

    with pytest.raises(InputError, match="is not UTF-8 text: invalid start byte at byte 7"):
        read_params(None, path)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": [1.0, None]}, {"b": [1, None], "a": 1.0}, True),
        (True, 1, False),
        ([False], [0], False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1, 2], [2, 1], False),
    ],
)
def test_same_json(one, other, same):
    """Params are the same whatever their order and spelling, and true is not 1."""
    assert same == same_json(one, other)
