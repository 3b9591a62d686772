"""A workflow that is run again and again from its beginning, each time with something else going wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stepwell.suggestions import did_you_mean
from stepwell.testing.changes import recorded, to_events
from stepwell.testing.codec import decode, encode
from stepwell.testing.current import current
from stepwell.testing.errors import TestKitError
from stepwell.testing.workflows import Workflows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stepwell.testing.changes import Events
    from stepwell.testing.modifier import Modifier
    from stepwell.testing.worker import WorkflowName

_ATTEMPT_FAILURE = 12
_STEP_START = 5
_WAIT_START = 14
_CUT = "Attempt failed due to internal workflows error"
_FINAL = ("complete", "errored", "terminated")
_CONFIRMATIONS = 4
"""How often a run that has ended otherwise is made again, before that counts."""


@dataclass(frozen=True, slots=True)
class ScriptedResult:
    """
    What has become of one run.

    Attributes:
        crashes: The points of the crashes that were asked for.
        order: The order that was asked for.
        points: How many points a crash could have cut since the last crash.
        crashed: What each crash has cut.
        callbacks: Callbacks in the order in which they began: ``step``, ``attempt`` and ``life`` (crashes before it).
        choices: Where several outcomes were there: ``among`` has their steps, and ``taken`` the index of the first.
        status: The status at the end.
        output: The output; None if the run has no output.
        error: The error: ``name`` and ``message``; None if the run has not failed.
        log: The event log.
    """

    crashes: Sequence[int]
    order: Sequence[int] | None
    points: int
    crashed: list[str]
    callbacks: list[dict[str, Any]]
    choices: list[dict[str, Any]]
    status: str
    output: Any
    error: dict[str, str] | None
    log: list[dict[str, Any]]

    @property
    def end(self) -> tuple[str, Any, tuple[str, str] | None]:
        """What is compared with other runs."""
        error = (self.error["name"], self.error["message"]) if self.error else None
        return self.status, self.output, error

    def began(self) -> Counter[str]:
        """How often the callback of each step has begun."""
        return Counter(each["step"] for each in self.callbacks)

    def check_steps(self, argument: str, names: Iterable[str]) -> None:
        """
        Refuse names of steps that the run does not have.

        Raises:
            TestKitError: The *argument* of an exploration has one.
        """
        known = sorted({entry["name"] for entry in self.log if entry["event"] == _STEP_START})
        for name in names:
            if name not in known:
                raise TestKitError(
                    f"{argument} has {name!r}, and the workflow has run no such step.{did_you_mean(name, known)} "
                    f"Its steps: {', '.join(known) or 'none'}."
                )

    def check_events(self, types: Iterable[str]) -> None:
        """
        Refuse types of events that the run has not waited for while it has waited for others.

        Raises:
            TestKitError: There is such a type.
        """
        given = set(types)
        awaited = {entry["detail"]["event"] for entry in self.log if entry["event"] == _WAIT_START}
        missed = sorted(awaited - given)
        for name in sorted(given - awaited):
            if missed:
                raise TestKitError(
                    f"events has {name!r}, and the workflow has waited for {', '.join(map(repr, missed))}."
                    f"{did_you_mean(name, missed)}"
                )

    def steps_that_run_once(self) -> set[str]:
        """Steps whose retry limit is 0."""
        return {
            f"{entry['name']}-{entry['count']}"
            for entry in self.log
            if entry["event"] == _STEP_START and entry["detail"]["config"]["retries"]["limit"] == 0
        }

    def given_up_steps(self) -> set[str]:
        """Steps whose last attempt a crash has cut."""
        limits = {
            (entry["name"], entry["count"]): entry["detail"]["config"]["retries"]["limit"]
            for entry in self.log
            if entry["event"] == _STEP_START
        }
        return {
            f"{entry['name']}-{entry['count']}"
            for entry in self.log
            if entry["event"] == _ATTEMPT_FAILURE
            and entry["detail"]["error"]["message"].startswith(_CUT)
            and _is_last(entry["attempt"], limits[entry["name"], entry["count"]])
        }


class ScriptedWorkflow:
    """A workflow with its params, events and modifiers, to be run many times."""

    def __init__(
        self,
        workflow: WorkflowName,
        params: object,
        events: Events | None,
        modify: Callable[[Modifier], object] | None,
        workflows: Workflows | None,
    ) -> None:
        self._workflows = workflows or Workflows(folder=current.folder)
        self._is_own = workflows is None
        worker = self._workflows.worker_of(workflow)
        self.name = worker.find(workflow)
        self._engine = worker.engine
        self.worker = worker
        given = to_events(events)
        self._event_types = [event["type"] for event in given]
        self._usual_order: Sequence[int] | None = None
        self._stable: Any = None
        """What runs with nothing going wrong end with, where chance leaves it the same."""
        self._fields: dict[str, object] = {"workflow": self.name, "events": given}
        self._fields["changes"] = recorded(modify)
        if params is not None:
            self._fields["params"] = encode(params, "params")

    def run(self, *, crashes: Sequence[int] = (), order: Sequence[int] | None = None) -> ScriptedResult:
        """
        Run it from its beginning to its end.

        Args:
            crashes: The point of the first crash, and those of further ones, counted from each restart.
            order: Which outcome comes first, each time when several are there. None: as they come.
        """
        chosen = None if order is None else list(order)
        found = self._engine.call("script", crashes=list(crashes), order=chosen, **self._fields)
        output, error = found.pop("output"), found.pop("error")
        return ScriptedResult(
            crashes=crashes,
            order=order,
            output=None if output is None else decode(output),
            error=error and {"name": error["name"], "message": error["message"]},
            **found,
        )

    def baseline(self, *, order: Sequence[int] | None = None) -> ScriptedResult:
        """
        Run it twice with nothing going wrong; see `run`. What both have ended with is what other runs have to end with.

        Raises:
            TestKitError: It does not come to its end.
        """
        result = self.run(order=order)
        if result.status not in _FINAL:
            raise TestKitError(
                f"Workflow {self.name!r} does not end: its status is {result.status!r}, and nothing is due. "
                "Give the events that it waits for: events={'type': payload}."
            )
        result.check_events(self._event_types)
        self._usual_order = order
        self._stable = _stable_part(result.end, self.run(order=order).end)
        return result

    def ends_as_usual(self, result: ScriptedResult) -> bool:
        """
        Whether a run has ended as runs do with nothing going wrong.

        One that has not is made again, and so is one with nothing going wrong: where a step draws a random number,
        either may end otherwise by chance.
        """
        for _ in range(_CONFIRMATIONS):
            if _fits(result.end, self._stable):
                return True
            self._stable = _stable_part(self._stable, self.run(order=self._usual_order).end)
            result = self.run(crashes=result.crashes, order=result.order)
        return _fits(result.end, self._stable)

    def close(self) -> None:
        """Let go of the engine."""
        if self._is_own:
            self._workflows.close()


def _is_last(attempt: int, limit: int | None) -> bool:
    return limit is not None and attempt > limit


_VARIES = object()


def _stable_part(first: Any, second: Any) -> Any:  # noqa: ANN401 - of any type
    """What two runs with nothing going wrong have in common: where they differ, no other run is held to it."""
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        return {key: _stable_part(first[key], second[key]) for key in first}
    if isinstance(first, list | tuple) and isinstance(second, list | tuple) and len(first) == len(second):
        return [_stable_part(a, b) for a, b in zip(first, second, strict=True)]
    return first if first == second and type(first) is type(second) else _VARIES


def _fits(found: Any, stable: Any) -> bool:  # noqa: ANN401 - of any type
    """Whether *found* is as *stable* where that does not vary."""
    if stable is _VARIES:
        return True
    if isinstance(stable, dict):
        is_alike = isinstance(found, dict) and found.keys() == stable.keys()
        return is_alike and all(_fits(found[key], stable[key]) for key in stable)
    if isinstance(stable, list):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(stable)
            and all(_fits(a, b) for a, b in zip(found, stable, strict=True))
        )
    return type(found) is type(stable) and bool(found == stable)
