"""A pass: one run of a workflow's ``run()``, from its start until it ends or the engine drops it."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Protocol

from _workflows_bridge.link import Link
from _workflows_bridge.origin import Origin, origin
from _workflows_bridge.session import Session

from .abandon import abandon

if TYPE_CHECKING:
    from collections.abc import Callable

    from _workflows_bridge.batch import Message

    from .loop import GuestLoop
    from .sdk import Run
    from .user_module import UserModule


class PassRunHome(Link[Session], Protocol):
    """Where a pass lives."""

    loop: GuestLoop


class PassRun:
    """See the module."""

    def __init__(self, start: Message, home: PassRunHome, deployment: UserModule, gone: Callable[[int], Any]) -> None:
        """
        Prepare to run.

        Args:
            start: The engine's message.
            home: The guest.
            deployment: Where the class is found.
            gone: Called with the number of the pass when nothing of it is left.
        """
        self.session = Session(start, home, home.loop)
        self.reported_quiet = 0
        """`Session.progress` when the pass was last found at rest."""
        self._start = start
        self._home = home
        self._loop = home.loop
        self._deployment = deployment
        self._gone = gone
        self._called: Run | None = None

    def begin(self) -> None:
        """Call ``run()`` in a task of its own."""
        context = copy_context()
        context.run(origin.set, Origin(self.session, None))
        self._loop.create_task(self._run(), context=context)

    async def _run(self) -> None:
        session = self.session
        try:
            cls = self._deployment.find(self._start["className"])
            self._called = self._deployment.sdk.open(cls, session)
            output = await self._called.output(self._start)
        except BaseException as error:
            if session.closed:
                raise
            self._loop.report_failures(session)
            session.fail(error)
        else:
            self._loop.report_failures(session)
            session.end(output)
        if session.rolling_back:
            return  # the handlers that it has left behind live until the engine drops the pass
        await self._finish_waiting()
        self._close("it has ended.")

    async def _finish_waiting(self) -> None:
        """Let what was given to ``waitUntil`` end, which outlives the run."""
        own = self._loop.tasks.get(self.session, ())
        outlives = self._called.outlives if self._called else lambda _task: False
        while waiting := [task for task in own if outlives(task) and not task.done()]:
            await asyncio.wait(waiting)

    def drop(self, reason: str) -> None:
        """Give up all coroutines of this pass; the engine no longer counts with it."""
        self._close(f"{reason}.")

    def _close(self, reason: str) -> None:
        if self.session.closed:
            return
        self._gone(self.session.pass_)
        if self._called is not None:
            self._called.close()
        self.session.close(reason)
        for task in self._loop.forget(self.session):
            if not abandon(task):
                self._report_refusal()

    def _report_refusal(self) -> None:
        text = (
            f"Workflow {self.session.workflow!r} went on when its run was given up: code that catches BaseException, "
            "or awaits in a finally block, has to let GeneratorExit pass."
        )
        self._home.post({"type": "log", "pass": self.session.pass_, "level": "warning", "text": text})
