"""Abandoning a task or an asynchronous generator: it is closed where it waits, and never runs again."""

from __future__ import annotations

import gc
import inspect
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import AsyncGenerator, Iterator


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
    # In its own context, so that what it writes is known to be of a pass that is over.
    context = task.get_context().copy()  # type: ignore[attr-defined, unused-ignore]
    if sys.version_info < (3, 13):
        # There `close` does not reach generators that wait themselves.
        for reading in reversed(list(_generators_read_by(coroutine))):
            with suppress(BaseException):  # user code
                context.run(reading.throw, GeneratorExit)
    with suppress(BaseException):  # user code
        context.run(coroutine.close)
    return all(each.cr_frame is None for each in chain)


def abandon_generator(generator: AsyncGenerator[Any, Any]) -> None:
    """Close *generator*, of a pass that is over. Its ``finally`` blocks run up to where they wait."""
    closing = generator.aclose()
    with suppress(BaseException):  # user code
        closing.send(None)
    with suppress(BaseException):
        closing.close()


def _awaited(coroutine: Any) -> Iterator[Any]:  # noqa: ANN401 - coroutines of any kind
    """*coroutine*, the one that it awaits, and so on."""
    while getattr(coroutine, "cr_frame", None) is not None:
        yield coroutine
        coroutine = coroutine.cr_await


def _generators_read_by(awaitable: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever can be awaited
    """What *awaitable* waits for of generators, ``__anext__()`` that has not ended: the outermost first."""
    while awaitable is not None:
        if type(awaitable).__name__ == "async_generator_asend":
            yield awaitable
            # Nothing else says whose it is.
            generator = next(filter(inspect.isasyncgen, gc.get_referents(awaitable)))
            awaitable = generator.ag_await
        else:
            awaitable = getattr(awaitable, "cr_await", None)


def install() -> None:
    """Keep quiet about coroutines that refused to be closed, when Python frees them."""
    shown = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        refused = unraisable.exc_type is RuntimeError and inspect.iscoroutine(unraisable.object)
        if not refused:
            shown(unraisable)

    sys.unraisablehook = hook
