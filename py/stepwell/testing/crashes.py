"""
Crash exploration: a workflow is run with a crash at each point where one makes a difference.

The process dies before and after every durable write, as each callback begins and when it has ended; also twice in a
run. The run continues in a new engine, with modules imported anew, and has to come to the same end.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stepwell.testing.current import replay_hint
from stepwell.testing.errors import TestKitError
from stepwell.testing.scripts import ScriptedWorkflow
from stepwell.testing.seeds import chosen_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stepwell.testing.changes import Events
    from stepwell.testing.modifier import Modifier
    from stepwell.testing.scripts import ScriptedResult
    from stepwell.testing.worker import WorkflowName
    from stepwell.testing.workflows import Workflows

_PREFIX = "crash:"


class CrashError(TestKitError):
    """A workflow that does not survive every crash."""


@dataclass(frozen=True, slots=True)
class RepeatedCallback:
    """
    A callback that ran again because of a crash.

    Attributes:
        step: The step as NAME-COUNT.
        crash: What the crash has cut.
        seed: Runs this case alone.
        allowed: Whether the step may run more than once.
    """

    step: str
    crash: str
    seed: str
    allowed: bool


@dataclass(slots=True)
class CrashReport:
    """
    What crash exploration has found.

    Attributes:
        points: How many points a crash can cut.
        runs: How many runs there were.
        repeated: Callbacks that ran again.
        given_up: Steps that failed because a crash has cut their last attempt: as NAME-COUNT, and the seed.
    """

    points: int = 0
    runs: int = 0
    repeated: list[RepeatedCallback] = field(default_factory=list)
    given_up: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.runs} runs, with crashes at {self.points} points"]
        for step in sorted({each.step for each in self.repeated}):
            cases = [each for each in self.repeated if each.step == step]
            word = "allowed" if all(each.allowed for each in cases) else "NOT ALLOWED"
            lines.append(f"{step} ran again in {len(cases)} of them ({word}), such as {cases[0].seed}")
        lines += [f"{step} fails when its last attempt is cut ({seed})" for step, seed in self.given_up]
        return "\n".join(lines)


def check_all_crashes(  # noqa: PLR0913 - each has a default
    workflow: WorkflowName,
    params: object = None,
    events: Events | None = None,
    *,
    modify: Callable[[Modifier], object] | None = None,
    once: Sequence[str] = (),
    invariant: Callable[[ScriptedResult], object] | None = None,
    pairs: int = 20,
    seed: str | None = None,
    workflows: Workflows | None = None,
) -> CrashReport:
    """
    Assert that a workflow comes to the same end whenever its process dies.

    Args:
        workflow: The workflow: a class, or a name.
        params: The payload.
        events: Events that are sent when the workflow waits for them: payloads by type, or pairs.
        modify: Changes each run by modifiers. By default callbacks run as they are.
        once: Names of steps whose callbacks must not run twice.
        invariant: Called with each run; raises where something is wrong.
        pairs: How many runs crash twice, at points that are drawn.
        seed: Runs one case alone.
        workflows: Whose target and runtime count. By default those of the test.

    Raises:
        CrashError: A run came to another end, or a step ran twice that must not. It names the crash and its seed.
        TestKitError: The workflow does not end when nothing goes wrong, or an argument names what is not there.
    """
    if pairs < 0:
        raise TestKitError(f"pairs is {pairs}; it must be a number from 0.")
    chosen = chosen_seed("crash", seed)
    script = ScriptedWorkflow(workflow, params, events, modify, workflows)
    try:
        return _Exploration(script, set(once), invariant).explore(pairs, chosen)
    finally:
        script.close()


class _Exploration:
    def __init__(
        self, script: ScriptedWorkflow, once: set[str], invariant: Callable[[ScriptedResult], object] | None
    ) -> None:
        self._script = script
        self._once = once
        self._invariant = invariant
        self._report = CrashReport()
        self._problems: list[str] = []
        self._first_seed = ""

    def explore(self, pairs: int, only: tuple[int, ...] | None) -> CrashReport:
        baseline = self._script.baseline()
        baseline.check_steps("once", self._once)
        self._baseline = baseline
        self._report.points = baseline.points
        self._check(baseline, "")
        for crashes in self._cases(baseline.points, pairs, only):
            result = self._script.run(crashes=crashes)
            self._report.runs += 1
            if only and not result.crashed:
                raise TestKitError(f"No crash is at point {only[0]}: the run has {baseline.points}.")
            # A second crash that comes after the end has cut nothing.
            if result.crashed:
                self._check(result, _PREFIX + "+".join(map(str, crashes)))
        if self._problems:
            raise CrashError(
                f"Workflow {self._script.name!r} does not survive every crash "
                f"({len(self._problems)} of {self._report.runs} runs):\n"
                + "\n".join(self._problems[:5])
                + f"\n{replay_hint(self._first_seed)}"
            )
        return self._report

    def _cases(self, points: int, pairs: int, only: tuple[int, ...] | None) -> Iterator[tuple[int, ...]]:
        if only is not None:
            if only:
                yield only
            return
        yield from ((point,) for point in range(1, points + 1))
        # The same in each run of the test.
        draw = random.Random(points)  # noqa: S311 - nothing is secret
        drawn = {(draw.randint(1, points), draw.randint(1, points)) for _ in range(pairs)}
        yield from sorted(drawn)

    def _check(self, result: ScriptedResult, seed: str) -> None:
        problems = [*self._repetitions(result, seed)]
        if not self._script.ends_as_usual(result):
            if given_up := result.given_up_steps():
                self._report.given_up += [(step, seed) for step in sorted(given_up)]
            else:
                problems.append(f"  it has ended as {_shown(result)}\n  instead of       {_shown(self._baseline)}")
        if self._invariant is not None:
            try:
                self._invariant(result)
            except AssertionError as error:
                problems.append(f"  the invariant does not hold: {error}")
        if problems:
            self._first_seed = self._first_seed or seed
            what = " and then ".join(result.crashed) or "no crash"
            self._problems.append(f"crash {what} (seed {seed}):\n" + "\n".join(problems))

    def _repetitions(self, result: ScriptedResult, seed: str) -> Iterator[str]:
        expected = self._baseline.began()
        run_once = result.steps_that_run_once()
        for step, times in result.began().items():
            if times <= expected[step]:
                continue
            allowed = step not in run_once and step.rpartition("-")[0] not in self._once
            crash = " and then ".join(result.crashed)
            self._report.repeated.append(RepeatedCallback(step, crash, seed, allowed))
            if not allowed:
                yield f"  the callback of {step} ran {times} times, {expected[step]} without a crash"


def _shown(result: ScriptedResult) -> str:
    status, output, error = result.end
    return f"{status}: {f'{error[0]}: {error[1]}' if error else repr(output)}"
