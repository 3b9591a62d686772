"""JSON from the command line."""

from pathlib import Path

import pytest

from stepwell.exceptions import InputError
from stepwell.params import parse_json, read_params, same_json


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
        ('{"n": 1e400}', "--params holds the number 1e400, which is too large."),
        ("1" * 5000, "--params holds an integer of 5,000 digits; the limit is 4,300."),
        ("\udcff", "--params is not UTF-8 text."),
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


def test_value_is_kept():
    """A number is the one that was given, and a lone surrogate is a text."""
    assert [616581622363398142, 1.0, "\ud800"] == parse_json('[616581622363398142, 1.0, "\\ud800"]', "--params")


def test_byte_order_mark(tmp_path):
    """A byte order mark is no part of the text."""
    path = tmp_path / "params.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')

    assert {"a": 1} == read_params(None, path)


def test_closed_standard_input(monkeypatch):
    """A closed standard input is named."""
    monkeypatch.setattr("sys.stdin", None)

    with pytest.raises(InputError, match="standard input is closed"):
        read_params(None, Path("-"))


@pytest.mark.parametrize("path", [Path("folder"), Path("null\0byte")])
def test_no_file(tmp_path, monkeypatch, path):
    """What cannot be opened is named."""
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError, match="cannot be read"):
        read_params(None, path)


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
