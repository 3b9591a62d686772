"""
Order exploration: outcomes of steps that run side by side become known in every order, or in many that are drawn.

Each run has to come to the same end, and no callback may run more often than the source says. An order that fails is
made smaller until nothing of it can be left out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stepwell.testing.current import replay_hint
from stepwell.testing.errors import TestKitError
from stepwell.testing.scripts import ScriptedWorkflow
from stepwell.testing.seeds import chosen_seed
from stepwell.testing.source_steps import expected_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stepwell.testing.changes import Events
    from stepwell.testing.modifier import Modifier
    from stepwell.testing.scripts import ScriptedResult
    from stepwell.testing.worker import WorkflowName
    from stepwell.testing.workflows import Workflows

_PREFIX = "order:"


class OrderError(TestKitError):
    """A workflow that depends on the order in which its steps end."""


@dataclass(slots=True)
class OrderReport:
    """
    What order exploration has found.

    Attributes:
        runs: How many orders were tried.
        complete: Whether these are all that there are.
    """

    runs: int = 0
    complete: bool = False
    seen: set[tuple[int, ...]] = field(default_factory=set, repr=False)


def check_all_orders(  # noqa: PLR0913 - each has a default
    workflow: WorkflowName,
    params: object = None,
    events: Events | None = None,
    *,
    modify: Callable[[Modifier], object] | None = None,
    invariant: Callable[[ScriptedResult], object] | None = None,
    same: bool = True,
    runs: int = 100,
    seed: str | None = None,
    workflows: Workflows | None = None,
) -> OrderReport:
    """
    Assert that a workflow comes to the same end in whatever order its concurrent steps end.

    Args:
        workflow: The workflow: a class, or a name.
        params: The payload.
        events: Events that are sent when the workflow waits for them: payloads by type, or pairs.
        modify: Changes each run by modifiers.
        invariant: Called with each run; raises where something is wrong.
        same: Whether all orders have to come to the same end.
        runs: How many orders are tried at most. Where there are more, some are drawn.
        seed: Runs one order alone.
        workflows: Whose target and runtime count. By default those of the test.

    Raises:
        OrderError: An order came to another end, or a callback ran too often. It names the smallest such order.
        TestKitError: The workflow does not end, or an argument names what is not there.
    """
    if runs < 1:
        raise TestKitError(f"runs is {runs}; it must be a number from 1.")
    only = chosen_seed("order", seed)
    script = ScriptedWorkflow(workflow, params, events, modify, workflows)
    try:
        return _Exploration(script, invariant, same=same).explore(runs, only)
    finally:
        script.close()


class _Exploration:
    def __init__(
        self, script: ScriptedWorkflow, invariant: Callable[[ScriptedResult], object] | None, *, same: bool
    ) -> None:
        self._script = script
        self._invariant = invariant
        self._same = same
        self._expected = expected_runs(script.worker.main, script.worker.class_of(script.name))
        self._report = OrderReport()

    def explore(self, runs: int, only: tuple[int, ...] | None) -> OrderReport:
        self._script.baseline(order=())
        for order in self._orders(runs, only):
            result = self._script.run(order=order)
            self._report.runs += 1
            self._last = result
            if problems := self._problems(result):
                self._fail(*self._shrink(order, result, problems))
        return self._report

    def _orders(self, runs: int, only: tuple[int, ...] | None) -> Iterator[tuple[int, ...]]:
        """All orders, the first outcome that differs last; what is left of *runs* is drawn where there are more."""
        if only is not None:
            if only:
                yield only
            return
        order: tuple[int, ...] = ()
        for _ in range((runs + 1) // 2):
            yield order
            taken = [each["taken"] for each in self._last.choices]
            among = [len(each["among"]) for each in self._last.choices]
            self._report.seen.add(tuple(taken))
            while taken and taken[-1] + 1 >= among[len(taken) - 1]:
                taken.pop()
            if not taken:
                self._report.complete = True
                return
            order = (*taken[:-1], taken[-1] + 1)
        # The same in each run of the test.
        draw = random.Random(runs)  # noqa: S311 - nothing is secret
        for _ in range(runs // 2):
            yield tuple(draw.randrange(len(each["among"])) for each in self._last.choices)

    def _problems(self, result: ScriptedResult) -> list[str]:
        problems = []
        if self._same and not self._script.ends_as_usual(result):
            problems.append(f"it has ended as {result.end!r}")
        for step in result.began():
            name, _, count = step.rpartition("-")
            if name in self._expected and int(count) > self._expected[name]:
                times = "once" if self._expected[name] == 1 else f"{self._expected[name]} times"
                problems.append(f"the callback of step {name!r} has run {count} times; the source runs it {times}")
        if self._invariant is not None:
            try:
                self._invariant(result)
            except AssertionError as error:
                problems.append(f"the invariant does not hold: {error}")
        return problems

    def _shrink(
        self, order: Sequence[int], result: ScriptedResult, problems: list[str]
    ) -> tuple[tuple[int, ...], ScriptedResult, list[str]]:
        """The smallest order with problems that can be reached by leaving choices out."""
        best = tuple(order), result, problems
        is_smaller = True
        while is_smaller:
            is_smaller = False
            for candidate in _smaller(best[0]):
                found = self._script.run(order=candidate)
                if still := self._problems(found):
                    best, is_smaller = (candidate, found, still), True
                    break
        return best

    def _fail(self, order: tuple[int, ...], result: ScriptedResult, problems: list[str]) -> None:
        chosen = [each for each in result.choices if each["taken"] > 0]
        pairs = [(each["among"][each["taken"]], each["among"][: each["taken"]]) for each in chosen]
        lines = [f"  {first} ends before {', '.join(others)}" for first, others in pairs]
        what = "\n".join(lines) or "  in any order"
        seed = _PREFIX + ".".join(map(str, order or (0,)))
        raise OrderError(
            f"Workflow {self._script.name!r} depends on the order in which its steps end (seed {seed}):\n{what}\n"
            + "\n".join(problems)
            + f"\n{replay_hint(seed)}"
        )


def _smaller(order: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    while order and order[-1] == 0:
        order = order[:-1]
    for index in range(len(order)):
        if order[index] > 0:
            without = (*order[:index], 0, *order[index + 1 :])
            while without and without[-1] == 0:
                without = without[:-1]
            yield without
