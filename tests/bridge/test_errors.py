"""The Python half of errors as data."""

import asyncio
import json
import sys
from traceback import StackSummary, TracebackException
from types import ModuleType, SimpleNamespace

import pytest

from _workflows_bridge import errors
from _workflows_bridge.errors import from_wire, to_wire
from _workflows_bridge.values import NotSerializableError, decode, encode
from workers.workflows import NonRetryableError, StepError, WorkflowTimeoutError


class PaymentDeclinedError(Exception):
    """Takes something else than its message, and keeps it."""

    def __init__(self, code, *, card):
        super().__init__(f"Card {card} was declined: {code}.")
        self.code = code
        self.card = card


class HopelessError(NonRetryableError):
    pass


class StrangeError(Exception):
    def __str__(self):
        return f"<{self.missing}>"


def catch(exception):
    """*exception*, raised and caught, as data that has been on the wire."""
    try:
        raise exception  # noqa: TRY301 - for the sake of its traceback
    except BaseException as error:  # noqa: BLE001
        return json.loads(json.dumps(to_wire(error)))


@pytest.mark.parametrize(
    "exception",
    [
        ValueError("bad v"),
        ValueError("two\nlines"),
        ValueError(),
        KeyError("k"),
        FileNotFoundError(2, "No such file", "a.txt"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        ImportError("no", name="pkg"),
        ExceptionGroup("two", [ValueError("a"), KeyError("b")]),
        PaymentDeclinedError(3, card="x"),
        NonRetryableError(""),
        WorkflowTimeoutError("Execution timed out after 10ms"),
        json.JSONDecodeError("bad", "{", 1),
        StopIteration(3),
    ],
    ids=repr,
)
def test_round_trip(exception):
    """An exception comes back with its class, message, arguments and attributes."""
    again = from_wire(catch(exception))

    assert type(again) is type(exception)
    assert str(again) == str(exception)
    if not isinstance(exception, ExceptionGroup):
        assert again.args == exception.args
    before, after = dict(vars(exception)), dict(vars(again))
    after.pop("__notes__")
    assert before == after


def test_wire():
    """On the wire stand the name, the whole message and where the class is found."""
    wire = catch(PaymentDeclinedError(3, card="x"))

    assert wire["name"] == "PaymentDeclinedError"
    assert wire["message"] == "Card x was declined: 3."
    assert wire["type"] == f"{__name__}:PaymentDeclinedError"
    assert decode(wire["state"]) == {"code": 3, "card": "x"}
    assert "retryable" not in wire


@pytest.mark.parametrize("exception", [NonRetryableError("x"), HopelessError("x"), NotSerializableError("x")], ids=repr)
def test_not_retryable(exception):
    """A class, or one that it comes from, says that it is not to be tried again."""
    assert catch(exception)["retryable"] is False


def test_same_name_is_retryable():
    """A class of the user's that has the name only is like any other."""
    namesake = type("NonRetryableError", (Exception,), {})

    assert "retryable" not in catch(namesake("x"))


@pytest.mark.parametrize("exception", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit()])
def test_always_an_exception(exception):
    """What `except Exception` would let through comes back as a StepError."""
    again = from_wire(catch(exception))

    assert type(again) is StepError
    assert again.name == type(exception).__name__


def test_class_not_found():
    """An exception whose class is not at hand is a StepError that says what it was, also on its way on."""

    class LocalError(Exception):
        pass

    again = from_wire(catch(LocalError("x")))

    assert (type(again), again.name, again.message, str(again)) == (StepError, "LocalError", "x", "x")
    assert catch(again)["name"] == "LocalError"


@pytest.mark.parametrize(
    "path",
    [
        "builtins:eval",
        "builtins:object",
        "os:environ",
        "nowhere:X",
        "builtins:",
        ":",
        "builtins",
        "json:decoder.JSONDecoder",
    ],
)
def test_type_that_is_no_exception(path):
    """Nothing but an exception class is taken from a type."""
    assert type(from_wire({"name": "X", "message": "x", "type": path})) is StepError


def test_class_of_a_module_not_imported_yet():
    """The class is found where only the step, which does not run again, has imported its module."""
    sys.modules.pop("poplib", None)

    error = from_wire({"name": "error_proto", "message": "m", "type": "poplib:error_proto"})

    assert type(error) is sys.modules["poplib"].error_proto
    assert str(error) == "m"


def test_type_runs_no_module_code():
    """To look for a class runs no code of the module where it should be."""

    class Lazy(ModuleType):
        def __getattr__(self, name):
            pytest.fail(name)

    sys.modules["lazy_module"] = Lazy("lazy_module")
    try:
        assert type(from_wire({"name": "X", "message": "x", "type": "lazy_module:X"})) is StepError
    finally:
        del sys.modules["lazy_module"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("TypeError", TypeError),
        ("RangeError", ValueError),
        ("WorkflowTimeoutError", WorkflowTimeoutError),
        ("NonRetryableError", NonRetryableError),
        ("SyntaxError", StepError),
        ("WorkflowInternalError", StepError),
    ],
)
def test_javascript_names(name, kind):
    """Errors of the engine and of JavaScript come as the Python classes that mean the same."""
    error = from_wire({"name": name, "message": "m"})

    assert type(error) is kind
    assert str(error) == "m"


def test_broken_str():
    """An exception whose __str__ raises is still data, and comes back."""
    wire = catch(StrangeError("x"))

    assert wire["message"] == "<str() of this StrangeError raised AttributeError>"
    assert type(from_wire(wire)) is StrangeError


def test_unstorable_arguments():
    """Arguments and attributes that cannot be stored are left out; the rest stays."""
    exception = RuntimeError("x", object())
    exception.kept, exception.lost = 1, object()

    again = from_wire(catch(exception))

    assert str(again) == str(exception)
    assert again.kept == 1
    assert not hasattr(again, "lost")


class KeyedError(OSError):
    """As aiohttp's: what it says is in attributes that cannot be stored."""

    def __init__(self, key, cause):
        self.key = key
        super().__init__(cause.errno, cause.strerror)

    def __str__(self):
        return f"cannot connect to {self.key.host}"


def test_text_of_what_is_not_stored():
    """An exception whose text came from what cannot be stored still says it, and is caught and stored as before."""
    wire = catch(KeyedError(SimpleNamespace(host="example.com"), OSError(0, "refused")))

    again = from_wire(wire)

    assert str(again) == "cannot connect to example.com"
    assert isinstance(again, KeyedError)
    assert type(again).__qualname__ == "KeyedError"
    twice = catch(again)
    assert (twice["message"], twice["type"]) == (wire["message"], wire["type"])


def test_note():
    """The traceback of the step is a note on the exception."""
    note = from_wire(catch(ValueError("x"))).__notes__[0]

    assert note.startswith("Raised by the step:\nTraceback (most recent call last):\n")
    assert note.endswith("ValueError: x")


def test_cause():
    """What an exception was raised from comes back with it."""
    exception = ValueError("outer")
    exception.__cause__ = PaymentDeclinedError(3, card="x")

    again = from_wire(catch(exception))

    assert (type(again.__cause__), str(again.__cause__)) == (PaymentDeclinedError, "Card x was declined: 3.")


def test_traceback_is_the_users():
    """Frames of the SDK and of asyncio are not in the traceback; causes are."""

    async def user_code():
        try:
            encode(object())
        except TypeError as error:
            raise ValueError("outer") from error

    async def gather():
        return await asyncio.gather(user_code(), return_exceptions=True)

    text = to_wire(asyncio.run(gather())[0])["traceback"]

    assert text.count("  File ") == text.count(__file__) == 2
    assert "NotSerializableError: result is an object" in text
    assert "direct cause" in text
    assert text.endswith("ValueError: outer")


def test_traceback_without_user_frames():
    """An exception in which no line of the user's takes part has no heading of a traceback."""
    try:
        errors.import_module("no.such.module")
    except ModuleNotFoundError as error:
        error.__traceback__ = error.__traceback__.tb_next
        text = to_wire(error)["traceback"]

    assert text == "ModuleNotFoundError: No module named 'no'"


def test_traceback_length():
    """A very long traceback loses its middle."""
    text = catch(ValueError("x" * 100_000))["traceback"]

    assert len(text) < 20_000
    assert "[...]" in text


def test_traceback_of_a_recursion(monkeypatch):
    """It is what Python prints, and no place is worded twice: Python parses the line each time."""

    def recurse(depth):
        return recurse(depth - 1) + 1 if depth else [][depth]

    worded = []
    word = StackSummary.format_frame_summary

    def count_and_word(self, frame, **style):
        worded.append(frame)
        return word(self, frame, **style)

    monkeypatch.setattr(StackSummary, "format_frame_summary", count_and_word)
    try:
        recurse(500)
    except IndexError as error:
        text = to_wire(error)["traceback"]
        words = len(worded)
        expected = "".join(TracebackException.from_exception(error).format()).rstrip("\n")

    assert text == expected
    assert "[Previous line repeated 498 more times]" in text
    assert words == 3  # the call, the recursion, its end


def test_traceback_that_cannot_be_worded():
    """The error is told all the same: whoever calls the step would wait for ever."""

    class Loader:
        def get_source(self, name):
            raise RuntimeError(name)

    code = compile("def fail(): raise ValueError('bad')", "odd.py", "exec")
    scope = {"__name__": "odd", "__loader__": Loader()}
    exec(code, scope)
    try:
        scope["fail"]()
    except ValueError as error:
        wire = to_wire(error)

    assert wire == {"name": "ValueError", "message": "bad", "type": "builtins:ValueError"}


def test_class_that_cannot_be_described():
    """What can be told is told."""

    class OddError(Exception):
        def __reduce__(self):
            return OddError, 3, None

    wire = catch(OddError("odd"))

    assert (wire["name"], wire["message"]) == ("OddError", "odd")
    assert wire["traceback"].endswith("OddError: odd")


def test_error_as_value():
    """An exception is a value, too."""
    again = decode(encode({"failed": [PaymentDeclinedError(3, card="x")]}))

    assert type(again.failed[0]) is PaymentDeclinedError
    assert str(again.failed[0]) == "Card x was declined: 3."
