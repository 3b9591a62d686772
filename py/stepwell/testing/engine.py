"""The engine of one test, as the test's objects reach it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from stepwell.testing.current import current
from stepwell.testing.determinism import finding_texts, warn_of
from stepwell.testing.errors import ModifierError, TestKitError, UnfinishedError
from stepwell.testing.host_link import HostLink
from stepwell.testing.replays import ReplayedRun, ReplayError, read_replays
from stepwell.testing.timeline import timeline_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from stepwell.runtimes import Warm

open_engines: WeakSet[EngineHandle] = WeakSet()
"""Engines that a test has opened. The pytest plugin closes them when the test ends."""


class EngineHandle:
    """
    An engine in the host. It is opened when it is first needed, and again after `finish`.

    So a fixture that lives longer than a test has a fresh engine, and a fresh clock, in each test.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._host: HostLink | None = None
        self._number: int | None = None
        self._on_open: list[Callable[[], object]] = []
        self.introspected: set[str] = set()
        """Workflows whose further instances are captured."""
        self.root: Path | None = None
        """The folder whose sources name the steps."""
        self.warm: Warm | None = None
        """What a host that this engine starts is to start an interpreter for at once."""

    def on_open(self, prepare: Callable[[], object]) -> None:
        """Call *prepare* now, and each time when the engine is opened again."""
        self._on_open.append(prepare)
        if self._number is None:
            self._open()
        else:
            prepare()

    @property
    def is_open(self) -> bool:
        """Whether there is an engine."""
        return self._number is not None

    def call(self, op: str, **fields: object) -> Any:  # noqa: ANN401 - what the operation gives
        """Carry out an operation of the host on this engine. See `HostLink.call`."""
        if self._number is None:
            self._open()
        assert self._host is not None  # noqa: S101 - it is open
        return self._host.call(op, engine=self._number, **fields)

    def finish(self, *, replay: bool = False) -> Leftovers:
        """
        Close the engine. Gives what its test has left behind.

        Args:
            replay: Replay the instances that have ended.
        """
        if self._number is None or self._host is None:
            return Leftovers()
        number, self._number = self._number, None
        self.introspected.clear()
        open_engines.discard(self)
        try:
            replays = self._host.call("replay", engine=number, id=None) if replay else []
        finally:
            left = self._host.call("close", engine=number)
        return Leftovers(**left, broken=[each for each in read_replays(replays, self.root) if not each.same])

    def timelines(self) -> str:
        """The timelines of all instances."""
        if self._number is None:
            return ""
        parts = []
        for each in self.call("list"):
            found = self.call("describe", workflow=each["workflow"], id=each["id"])
            parts.append(f"{each['workflow']} {each['id']!r}: {each['status']}\n{timeline_of(found)}")
        return "\n\n".join(parts)

    def _open(self) -> None:
        self._host = HostLink.current(self.warm)
        fields = {} if self._start is None else {"start": self._start.timestamp() * 1000}
        self._number = self._host.call("open", **fields)["engine"]
        open_engines.add(self)
        for prepare in self._on_open:
            prepare()


@dataclass(frozen=True, slots=True)
class Leftovers:
    """
    What a test has left behind.

    Attributes:
        unfinished: Instances that have not ended: ``workflow``, ``id`` and ``status``.
        unused: Modifiers of steps that have not run: ``workflow``, ``id``, ``name``, ``index`` and ``method``. An
            event that no step has waited for has no index.
        broken: Instances that are not replayed as they ran.
        findings: Code between steps that a replay need not repeat: ``kind``, ``what``, ``file`` and ``line``.
    """

    unfinished: list[dict[str, Any]] = field(default_factory=list)
    unused: list[dict[str, Any]] = field(default_factory=list)
    broken: list[ReplayedRun] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)

    def check(self) -> None:
        """
        Refuse leftovers.

        Raises:
            ModifierError: A modifier was for a step that has not run.
            UnfinishedError: An instance has not ended.
            ReplayError: An instance is not replayed as it ran.
            DeterminismWarning: Code between steps does what a replay need not repeat.
        """
        problems = list(map(_unused_text, self.unused))
        if problems:
            raise ModifierError("\n".join(problems))
        problems = [
            f"Instance {each['id']!r} of workflow {each['workflow']!r} has not ended: its status is "
            f"{each['status']!r}. Wait for its end, terminate it or dispose of it."
            for each in self.unfinished
        ]
        if problems:
            raise UnfinishedError("\n".join(problems))
        if self.broken:
            causes = [f"  It may be because of this: {each}" for each in finding_texts(self.findings)]
            raise ReplayError("\n".join([*map(str, self.broken), *causes]))
        warn_of(self.findings)


def _unused_text(unused: dict[str, Any]) -> str:
    where = f"of instance {unused['id']!r} of workflow {unused['workflow']!r}"
    if unused["index"] is None:
        return f"{unused['method']}({unused['name']!r}) {where}: no step has waited for such an event."
    return f"{unused['method']}({unused['name']!r}, index {unused['index']}) {where}: the step has never run."


def all_timelines() -> str:
    """The timelines of all engines that are open, and of those that a failure has closed."""
    texts = [*current.timelines, *(engine.timelines() for engine in list(open_engines))]
    current.timelines.clear()
    return "\n\n".join(filter(None, texts))


def finish_all(*, replay: bool) -> list[TestKitError]:
    """Close all engines that are open, as `EngineHandle.finish`. Gives what is wrong with what was left behind."""
    problems: list[TestKitError] = []
    for engine in list(open_engines):
        try:
            engine.finish(replay=replay).check()
        except TestKitError as error:
            problems.append(error)
    return problems
