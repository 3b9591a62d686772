"""The Python half of the encoding."""

import copy
import json
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_values import deep, evaluate, same

from _workflows_bridge.values import MAX_DEPTH, JsDict, NotSerializableError, decode, encode

VECTORS = [
    vector
    for vector in json.loads((Path(__file__).parents[2] / "bridge/vectors.json").read_text("utf-8"))
    if "python" in vector
]


def by_name(vectors):
    return [pytest.param(vector, id=vector["name"]) for vector in vectors]


@pytest.mark.parametrize(
    "vector", by_name(v for v in VECTORS if "refused" not in v and "python" not in v.get("decodeOnly", []))
)
def test_encode_vector(vector):
    """A value is written as the vectors say."""
    value = evaluate(vector["python"])

    assert encode(value) == vector["text"]


@pytest.mark.parametrize(
    "vector", by_name(v for v in VECTORS if "refused" not in v and "python" not in v.get("encodeOnly", []))
)
def test_decode_vector(vector):
    """A text is read as the vectors say."""
    expected = evaluate(vector["python"])

    assert same(decode(vector["text"]), expected)


@pytest.mark.parametrize("vector", by_name(v for v in VECTORS if "refused" in v))
def test_refused_vector(vector):
    """What cannot be stored is refused with its path and a remedy."""
    value = evaluate(vector["python"])

    with pytest.raises(NotSerializableError) as caught:
        encode(value)

    assert str(caught.value) == vector["refused"]


def test_where():
    """The message calls the value what the caller calls it."""
    with pytest.raises(NotSerializableError, match=r'^event\.payload\["a"\] is a complex, '):
        encode({"a": 1j}, "event.payload")


def test_deepest():
    """The greatest depth that is allowed can be written and read."""
    value = deep(MAX_DEPTH)

    assert decode(encode(value)) == value


def test_value_untouched():
    """Encoding changes nothing in the value."""
    value = {"a": [(1,), {2: b""}, {"$": 1}], "b": {3}, "c": 2**60}
    before = repr(value)

    encode(value)

    assert repr(value) == before


@pytest.mark.parametrize(
    "text", ["", "nul", "1 2", "[1", "NaN", '{"$":"future","v":1}', '{"$":"date","v":"+010000-01-01T00:00:00.000Z"}']
)
def test_decode_garbage(text):
    """A text that is not canonical is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        decode(text)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec="utf-8"))
    | st.binary()
    | st.datetimes(timezones=st.just(UTC))
    | st.sets(st.integers() | st.text(st.characters(codec="utf-8"))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")) | st.just("$"), inner),
    max_leaves=20,
)


@given(plain)
def test_round_trip(value):
    """Whatever is written is read again as it was, and is one line of UTF-8."""
    text = encode(value)

    assert same(decode(text), value)
    assert "\n" not in text
    assert text.encode()
    assert encode(decode(text)) == text or "set" in text  # the order within a set is free


@given(st.text(st.characters()))
def test_round_trip_surrogates(text):
    """Text with lone surrogates is kept, too; pairs become the character that they stand for."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")

    assert decode(encode(text)) == joined
    assert encode(text).encode()


def test_js_dict_attributes():
    """Keys are attributes, to read, write and delete; inside, too."""
    value = decode('{"user":{"name":"Ada"},"n":1}')

    value.user.name = "Grace"
    value.added = True
    del value.n

    assert value == {"user": {"name": "Grace"}, "added": True}
    assert "added" in dir(value)


def test_js_dict_methods_win():
    """The methods of dict win over keys of the same name."""
    value = JsDict(items=3, get=4)

    assert list(value.items()) == [("items", 3), ("get", 4)]
    assert value["items"] == 3


def test_js_dict_missing():
    """A missing attribute is an AttributeError, not a KeyError."""
    value = JsDict(a=1)

    with pytest.raises(AttributeError, match="'JsDict' object has no attribute 'b'"):
        _ = value.b
    with pytest.raises(AttributeError, match="'b'"):
        del value.b


def test_js_dict_copies():
    """copy and pickle work on a JsDict."""
    value = decode('{"a":{"b":[1]}}')

    assert copy.deepcopy(value).a.b == [1]
    assert pickle.loads(pickle.dumps(value)).a.b == [1]


def test_datetime_subclass():
    """An instance of a subclass of datetime is a date."""

    class Moment(datetime):
        pass

    assert encode(Moment(2026, 1, 1)) == '{"$":"date","v":"2026-01-01T00:00:00.000Z"}'
