"""Property tests: hypothesis does whatever can be done to a workflow, and looks for what breaks a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stepwell.testing.current import current
from stepwell.testing.workflows import Workflows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from stepwell.testing.instance_introspector import InstanceIntrospector
    from stepwell.testing.modifier import Modifier
    from stepwell.testing.worker import Worker, WorkflowName

_DURATIONS = ("1 second", "1 minute", "1 hour", "1 day", "30 days")
_MAX_INSTANCES = 3
_FINAL = ("complete", "errored", "terminated")
_STATUSES = frozenset({"queued", "running", "waiting", "waitingForPause", "paused", "rollingBack", *_FINAL})


def workflow_machine(  # noqa: PLR0913 - each has a default
    workflow: WorkflowName,
    params: st.SearchStrategy[Any] | object = None,
    events: Mapping[str, st.SearchStrategy[Any] | object] | None = None,
    *,
    versions: Sequence[str | Path] = (),
    modify: Callable[[Modifier], object] | None = None,
    target: str | Path | None = None,
    runtime: str | None = None,
) -> type[RuleBasedStateMachine]:
    """
    Make a state machine for hypothesis. A test is its attribute ``TestCase``.

    Its rules create instances, move the clock, send events, pause, resume, restart and terminate instances, crash the
    process, and deploy code. After each of them the log has only grown, no step that has ended has run again, and each
    instance has a status that there is.

    Args:
        workflow: The workflow: a class, or a name.
        params: The payload, or a strategy for it.
        events: Payloads, or strategies for them, by type.
        versions: Files with other versions of the code, which are deployed in between.
        modify: Changes each instance by modifiers.
        target: As `Workflows` takes it.
        runtime: As `Workflows` takes it.
    """
    payloads = {name: _strategy(payload) for name, payload in (events or {}).items()}
    folder = current.folder

    class WorkflowMachine(_WorkflowMachine):
        def open(self) -> tuple[Workflows, Worker]:
            workflows = Workflows(target, folder=folder or current.folder, runtime=runtime)
            return workflows, workflows.worker_of(workflow)

        @precondition(lambda self: len(self.instances) < _MAX_INSTANCES)
        @rule(payload=_strategy(params))
        def create(self, payload: object) -> None:
            """Create an instance."""
            name = f"instance-{len(self.instances) + 1}"
            instance = self.worker.introspect_workflow_instance(workflow, name)
            if modify is not None:
                modify(instance.modifier)
            self.worker.workflow(workflow).create(id=name, params=payload)
            self.instances[name] = instance

        if payloads:

            @precondition(lambda self: bool(self.open_instances))
            @rule(data=st.data(), kind=st.sampled_from(sorted(payloads)))
            def send_event(self, data: st.DataObject, kind: str) -> None:
                """Send an event."""
                self.pick(data).send_event(kind, data.draw(payloads[kind], label="payload"))

        if versions:

            @rule(version=st.sampled_from([str(each) for each in versions]))
            def deploy_new_code(self, version: str) -> None:
                """Deploy another version."""
                self.worker.deploy_version(version)

    return WorkflowMachine


def _strategy(value: st.SearchStrategy[Any] | object) -> st.SearchStrategy[Any]:
    return value if isinstance(value, st.SearchStrategy) else st.just(value)


class _WorkflowMachine(RuleBasedStateMachine):
    """What all machines have."""

    def __init__(self) -> None:
        super().__init__()
        self.workflows, self.worker = self.open()
        self.instances: dict[str, InstanceIntrospector] = {}
        self._logs: dict[str, list[tuple[Any, ...]]] = {}
        self._statuses: dict[str, str] = {}
        """Read after each rule. Before each rule hypothesis asks for the open instances many times."""

    def open(self) -> tuple[Workflows, Worker]:
        """An engine for this example, and the project in it."""
        raise NotImplementedError

    @property
    def open_instances(self) -> list[str]:
        """Instances that have not ended."""
        return [name for name, status in self._statuses.items() if status not in _FINAL]

    def pick(self, data: st.DataObject) -> InstanceIntrospector:
        """One of them."""
        return self.instances[data.draw(st.sampled_from(self.open_instances), label="instance")]

    @rule(duration=st.sampled_from(_DURATIONS))
    def advance(self, duration: str) -> None:
        """Move the clock."""
        self.workflows.clock.advance(duration)

    @precondition(lambda self: bool(self.open_instances))
    @rule(data=st.data())
    def pause(self, data: st.DataObject) -> None:
        """Pause an instance."""
        self.pick(data).pause()

    @precondition(lambda self: bool(self.open_instances))
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        """Resume an instance."""
        self.pick(data).resume()

    @precondition(lambda self: bool(self.open_instances))
    @rule(data=st.data())
    def terminate(self, data: st.DataObject) -> None:
        """Terminate an instance."""
        self.pick(data).terminate()

    @precondition(lambda self: bool(self.instances))
    @rule(data=st.data())
    def restart(self, data: st.DataObject) -> None:
        """Restart an instance."""
        name = data.draw(st.sampled_from(sorted(self.instances)), label="instance")
        self._logs.pop(name, None)
        self.instances[name].restart()

    @rule()
    def crash(self) -> None:
        """Let the process die, and a new one open what is on the disk."""
        self.worker.engine.call("crash")

    @invariant()
    def log_only_grows(self) -> None:
        """What an instance has been through stays."""
        for name, instance in self.instances.items():
            log = [(each["event"], each["name"], each["count"], each["attempt"]) for each in instance.log()]
            before = self._logs.get(name, [])
            assert log[: len(before)] == before, f"the log of {name} has lost entries"  # noqa: S101 - it is a test
            self._logs[name] = log

    @invariant()
    def nothing_finished_runs_again(self) -> None:
        """A step that has succeeded has no further attempt."""
        for name, log in self._logs.items():
            finished: set[tuple[Any, Any]] = set()
            for event, step, count, _ in log:
                if event == "STEP_SUCCESS":
                    finished.add((step, count))
                again = event == "ATTEMPT_START" and (step, count) in finished
                assert not again, f"step {step}-{count} of {name} runs again after it has succeeded"  # noqa: S101

    @invariant()
    def status_is_known(self) -> None:
        """An instance has a status that there is."""
        self._statuses = {name: instance.status() for name, instance in self.instances.items()}
        for name, status in self._statuses.items():
            assert status in _STATUSES, f"{name} has the status {status!r}"  # noqa: S101

    def teardown(self) -> None:
        """Close the engine of the example."""
        self.worker.engine.finish()
