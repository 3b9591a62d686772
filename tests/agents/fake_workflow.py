"""
A fake of ``step`` with a log: what is recorded is not run again.

It keeps to the contract of both SDKs that agents depend on: a step is found by its name and its count, results are
stored as JSON text, a callback runs without the context variables of its caller, and a failed step is tried again.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections import Counter
from contextvars import Context
from typing import TYPE_CHECKING, Any

from workers.workflows import NonRetryableError, WorkflowTimeoutError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Crash(BaseException):
    """The process dies."""


class FakeWorkflow:
    """
    An instance: its log outlives each `run` of its code.

    Attributes:
        log: JSON texts by ``name-count``.
        attempts: How often each callback has run, by ``name-count``.
        configs: The configuration that each step was called with, by name.
        events: Payloads that were sent, by type.
        progress: What the steps have reported, with their keys.
        crash_after: Steps, by name or by ``name-count``, after whose result the process dies once.
    """

    def __init__(self) -> None:
        self.log: dict[str, str] = {}
        self.attempts: Counter[str] = Counter()
        self.configs: dict[str, Any] = {}
        self.events: dict[str, list[object]] = {}
        self.waits: list[str] = []
        self.progress: list[tuple[str, Any]] = []
        self.crash_after: set[str] = set()
        self.limit = 0

    async def run(self, body: Callable[[Any, Any], Awaitable[Any]]) -> Any:
        """Runs *body* once, as one pass."""
        event = {"instanceId": "i-1", "workflowName": "w", "payload": None}
        return await asyncio.wait_for(body(event, FakeStep(self)), 20)

    async def run_through_crashes(self, body: Callable[[Any, Any], Awaitable[Any]]) -> Any:
        """Runs *body* until no crash interrupts it."""
        while True:
            try:
                return await self.run(body)
            except Crash:
                continue
            except BaseExceptionGroup as group:
                # How some frameworks pass on what has ended a tool.
                if group.subgroup(Crash) is None:
                    raise

    @property
    def steps(self) -> list[str]:
        """The recorded steps, in order."""
        return list(self.log)

    def recorded(self, key: str) -> Any:
        """The stored result of a step."""
        return json.loads(self.log[key])


class FakeContext:
    """``ctx`` of an attempt."""

    def __init__(self, workflow: FakeWorkflow, key: str) -> None:
        self._report = (workflow, key)

    def report_progress(self, item: object) -> None:
        """Takes what JSON can have."""
        workflow, key = self._report
        workflow.progress.append((key, json.loads(json.dumps(item))))


class FakeStep:
    """``step`` of one pass."""

    def __init__(self, workflow: FakeWorkflow) -> None:
        self._workflow = workflow
        self._counts: Counter[str] = Counter()
        self._crashed = False

    def _key(self, name: str) -> str:
        if self._crashed:
            # What is unwound in this process would not run in one that is dead.
            raise Crash
        self._counts[name] += 1
        return f"{name}-{self._counts[name]}"

    def do(self, name: str, *, config: dict[str, Any] | None = None) -> Callable[[Any], Any]:
        """Makes a step."""

        def decorate(function: Callable[..., Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
            async def call() -> Any:
                key = self._key(name)
                self._workflow.configs[name] = config
                if key not in self._workflow.log:
                    await self._attempt(key, name, function, config or {})
                else:
                    await asyncio.sleep(0)
                return json.loads(self._workflow.log[key])

            return call

        return decorate

    async def _attempt(self, key: str, name: str, function: Callable[..., Awaitable[Any]], config: Any) -> None:
        workflow = self._workflow
        limit = config.get("retries", {}).get("limit", workflow.limit)
        timeout = config.get("timeout")
        for attempt in range(limit + 1):
            workflow.attempts[key] += 1
            # Cloudflare's callbacks come from JavaScript, with a context of their own.
            task = asyncio.get_running_loop().create_task(self._finish(key, function), context=Context())
            try:
                async with asyncio.timeout(timeout / 1000 if isinstance(timeout, int) else None):
                    await task
                break
            except NonRetryableError:
                raise
            except TimeoutError as error:
                if attempt == limit:
                    raise WorkflowTimeoutError(f"Execution timed out after {timeout}ms") from error
            except Exception:
                if attempt == limit:
                    raise
        if planned := {name, key} & workflow.crash_after:
            workflow.crash_after -= planned
            self._crashed = True
            raise Crash

    async def _finish(self, key: str, function: Callable[..., Awaitable[Any]]) -> None:
        """Runs the callback and records its result, with nothing in between that a crash could fall into."""
        arguments = [FakeContext(self._workflow, key)] if "ctx" in inspect.signature(function).parameters else []
        self._workflow.log[key] = json.dumps(await function(*arguments))

    async def sleep(self, name: str, duration: float) -> None:
        """Sleeps for no time; the log knows of it."""
        self._workflow.log.setdefault(self._key(name), json.dumps(duration))

    async def wait_for_event(self, name: str, event_type: str, /, timeout: object = None) -> Any:
        """Gives the oldest event of the type, or times out."""
        key = self._key(name)
        self._workflow.waits.append(event_type)
        if key not in self._workflow.log:
            waiting = self._workflow.events.get(event_type)
            if not waiting:
                raise WorkflowTimeoutError(f"Execution timed out after {timeout}ms")
            self._workflow.log[key] = json.dumps({"payload": waiting.pop(0), "type": event_type})
        return json.loads(self._workflow.log[key])
