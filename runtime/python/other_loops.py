"""
Event loops that user code makes, and what it does to the one that it runs in.

All passes of an interpreter share one loop, so user code may not replace, stop or empty it: what it tries is its own
error. `asyncio.all_tasks` gives the tasks of the pass that asks.
"""

from __future__ import annotations

import asyncio
import threading
from asyncio import BaseEventLoop, events, tasks
from typing import TYPE_CHECKING, Any

from _workflows_bridge.origin import origin

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

    from .loop import GuestLoop

set_running_loop = events._set_running_loop  # noqa: SLF001 - no public way for a loop that does not block
"""asyncio's own, for the loop of the guest."""


class IdleLoop(BaseEventLoop):
    """
    A loop where there is one thread: it can be made and closed, and never runs.

    As anywhere, a loop cannot run while another runs in the same thread, and all user code runs in the guest's.
    """

    def _write_to_self(self) -> None:
        """Wake nobody."""


def install(loop: GuestLoop, *, threads: bool) -> None:
    """
    Guard *loop*, in which all user code of this interpreter runs.

    Args:
        loop: The loop of the guest, of this thread.
        threads: Whether user code may have threads, in which other loops run.
    """
    _guard_running_loop(loop)
    _guard_tasks(loop)
    if not threads:
        events.new_event_loop = asyncio.new_event_loop = IdleLoop


def uninstall() -> None:
    """Let loops run as usual: this is a process that user code has forked, or the end."""
    set_running_loop(None)
    events._set_running_loop = asyncio._set_running_loop = set_running_loop  # noqa: SLF001


def _guard_running_loop(guest_loop: GuestLoop) -> None:
    thread = threading.get_ident()

    def set_in_other_threads(loop: AbstractEventLoop | None, /) -> None:
        # A loop that makes itself the running one, as Pyodide's do, would take the place of the guest's.
        if loop is guest_loop or threading.get_ident() != thread:
            set_running_loop(loop)

    events._set_running_loop = asyncio._set_running_loop = set_in_other_threads  # noqa: SLF001


def _guard_tasks(guest_loop: GuestLoop) -> None:
    every = tasks.all_tasks

    def all_tasks(loop: AbstractEventLoop | None = None) -> set[Task[Any]]:
        """The tasks of *loop*, by default of the running one, that are not done: of the pass that asks."""
        found = every(loop)
        caller = origin.get()
        if caller is None or (loop is not None and loop is not guest_loop):
            return found
        own = {id(task) for task in guest_loop.tasks.get(caller.session, ())}
        return {task for task in found if id(task) in own}

    tasks.all_tasks = asyncio.all_tasks = all_tasks
