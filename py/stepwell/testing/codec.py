"""How values and errors cross between a test and its host: in the canonical encoding of the bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.testing.errors import RemoteError
from stepwell.testing.guest_packages import mount_guest_packages

if TYPE_CHECKING:
    from collections.abc import Mapping


def encode(value: object, where: str = "value") -> str:
    """
    The canonical text of *value*.

    Raises:
        TypeError: It cannot be stored; the message begins with *where*.
    """
    mount_guest_packages()
    from _workflows_bridge import values  # noqa: PLC0415 - mounted just now

    return values.encode(value, where=where)


def decode(text: str) -> Any:  # noqa: ANN401 - whatever the value is
    """The value of a canonical *text*."""
    mount_guest_packages()
    from _workflows_bridge import values  # noqa: PLC0415 - mounted just now

    return values.decode(text)


def error_to_wire(error: BaseException | type[BaseException] | str) -> dict[str, Any]:
    """An error as data: an exception, a class of exceptions, or the message of an `Exception`."""
    mount_guest_packages()
    from _workflows_bridge import errors  # noqa: PLC0415 - mounted just now

    if isinstance(error, str):
        error = Exception(error)
    elif isinstance(error, type):
        error = error()
    return errors.to_wire(error)


def error_from_wire(wire: Mapping[str, Any]) -> Exception:
    """The exception of *wire*: of its own class where that is built in, otherwise a `RemoteError`."""
    mount_guest_packages()
    from _workflows_bridge import errors  # noqa: PLC0415 - mounted just now

    try:
        error = errors.from_wire(dict(wire))
    except ImportError:
        error = None  # a class of the interpreter's, which is not here
    if error is not None and type(error).__name__ != "StepError":
        return error
    return RemoteError(str(wire.get("name", "Error")), str(wire.get("message", "")))
