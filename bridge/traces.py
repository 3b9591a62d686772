"""Tracebacks for people: those of an exception and its causes, without the frames that are not the user's."""

from __future__ import annotations

from collections import deque
from traceback import FrameSummary, StackSummary, TracebackException, walk_tb
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType, TracebackType

MAX_STACK_CHARACTERS = 16_384
"""A longer text loses its middle."""

_MAX_FRAMES = 2000
"""Of a deeper traceback the innermost ones are read: a recursion without limit leaves a million."""

_INTERNAL = frozenset(
    {
        __name__.partition(".")[0],
        "workers",
        "asyncio",
        "concurrent",
        "pyodide",
        "_pyodide",
        "importlib",
        "_frozen_importlib",
    }
)
_INTERNAL_PREFIXES = (__name__.partition(".")[0], "_stepwell")


def format_traceback(error: BaseException) -> str:
    """
    Get the traceback of *error* as Python prints it, without a final newline.

    Frames of the SDK, the runtime, asyncio and the import system are left out.
    """
    summary = TracebackException.from_exception(error, limit=-_MAX_FRAMES)
    _trim(summary, error)
    text = "".join(summary.format()).rstrip("\n")
    if len(text) > MAX_STACK_CHARACTERS:
        text = f"{text[: MAX_STACK_CHARACTERS // 2]}\n  [...]\n{text[-MAX_STACK_CHARACTERS // 2 :]}"
    return text


def release_frames(error: BaseException) -> None:
    """
    Free the frames of a deep traceback one by one, the innermost first.

    Python would free each from within the one before: a million frames exceed the stack of a WebAssembly interpreter.
    """
    seen: set[int] = set()
    errors: list[BaseException | None] = [error]
    while errors:
        found = errors.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        errors += found.__cause__, found.__context__
        entries = list(_entries_of(found.__traceback__))
        if len(entries) <= _MAX_FRAMES:
            continue
        found.__traceback__ = None
        for index in range(len(entries)):
            entries[index].tb_next = None
        while entries:
            entries.pop()


def _entries_of(entry: TracebackType | None) -> Iterator[TracebackType]:
    while entry is not None:
        yield entry
        entry = entry.tb_next


def _trim(summary: TracebackException | None, error: BaseException | None) -> None:
    """Trim *summary* and, beside *error*, those it links to. A link that it does not follow is None there."""
    if summary is None or error is None:
        return
    frames = zip(summary.stack, deque(walk_tb(error.__traceback__), _MAX_FRAMES), strict=False)
    kept = [line for line, (frame, _number) in frames if not _is_internal(frame)]
    # Without a stack there is no heading, either.
    summary.stack = _Frames(kept) if kept else None  # type: ignore[assignment]
    _trim(summary.__cause__, error.__cause__)
    _trim(summary.__context__, error.__context__)
    if isinstance(error, BaseExceptionGroup):
        for part, exception in zip(summary.exceptions or (), error.exceptions, strict=False):
            _trim(part, exception)


class _Frames(StackSummary):
    """Words each place once: Python would parse the line of each of a recursion's thousand frames, to print three."""

    def __init__(self, frames: Iterable[FrameSummary]) -> None:
        """Word *frames*."""
        super().__init__(frames)
        self._worded: dict[tuple[object, ...], str] = {}

    def format_frame_summary(self, frame_summary: FrameSummary, **style: Any) -> str:  # noqa: ANN401 - Python's own
        """See `traceback.StackSummary`."""
        place = (*frame_summary, frame_summary.end_lineno, frame_summary.colno, frame_summary.end_colno)
        if place not in self._worded:
            self._worded[place] = super().format_frame_summary(frame_summary, **style)
        return self._worded[place]


def _is_internal(frame: FrameType) -> bool:
    root = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return root in _INTERNAL or root.startswith(_INTERNAL_PREFIXES) or frame.f_code.co_filename == "<exec>"
