"""Abandoning a task: its coroutine is closed where it waits, and never runs again."""

from __future__ import annotations

import inspect
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Iterator


def abandon(task: Task[Any]) -> bool:
    """
    Close the coroutine of *task* by GeneratorExit, which ``except Exception`` does not swallow.

    Its ``finally`` blocks run. What they raise is of interest to nobody. Gives whether the coroutine has ended.
    """
    # A task that is given up while it waits is no mistake of the user's.
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001
    coroutine: Any = task.get_coro()
    if coroutine is None or getattr(coroutine, "cr_running", False):
        return True
    chain = list(_awaited(coroutine))
    with suppress(BaseException):  # user code
        # In its own context, so that what it writes is known to be of a pass that is over.
        task.get_context().copy().run(coroutine.close)  # type: ignore[attr-defined, unused-ignore]
    return all(each.cr_frame is None for each in chain)


def _awaited(coroutine: Any) -> Iterator[Any]:  # noqa: ANN401 - coroutines of any kind
    """*coroutine*, the one that it awaits, and so on."""
    while getattr(coroutine, "cr_frame", None) is not None:
        yield coroutine
        coroutine = coroutine.cr_await


def install() -> None:
    """Keep quiet about coroutines that refused to be closed, when Python frees them."""
    shown = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        refused = unraisable.exc_type is RuntimeError and inspect.iscoroutine(unraisable.object)
        if not refused:
            shown(unraisable)

    sys.unraisablehook = hook
