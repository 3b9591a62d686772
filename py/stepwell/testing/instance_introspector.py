"""One instance of a workflow, as a test sees and drives it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from stepwell.testing.codec import decode, encode, error_from_wire
from stepwell.testing.current import current
from stepwell.testing.errors import TestKitError
from stepwell.testing.modifier import Modifier
from stepwell.testing.selectors import to_selector
from stepwell.testing.timeline import timeline_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from stepwell.testing.engine import EngineHandle
    from stepwell.testing.selectors import StepSelector

Status = Literal[
    "queued",
    "running",
    "waiting",
    "waitingForPause",
    "paused",
    "rollingBack",
    "complete",
    "errored",
    "terminated",
]
_FINAL = ("complete", "errored", "terminated")


class InstanceIntrospector:
    """
    An instance, which need not exist yet. As a context manager it is disposed of at the end.

    Attributes:
        id: The id.
        workflow: The name of the workflow.
        modifier: Changes the instance; see `Modifier`.
    """

    def __init__(self, engine: EngineHandle, workflow: str, instance_id: str) -> None:
        self._engine = engine
        self.workflow = workflow
        self.id = instance_id
        self.modifier = Modifier(engine, workflow, instance_id)

    def __repr__(self) -> str:
        return f"<Instance {self.id!r} of {self.workflow!r}>"

    def modify(self, change: Callable[[Modifier], object]) -> Self:
        """Call *change* with the modifier of the instance."""
        change(self.modifier)
        return self

    # What becomes of it -----------------------------------------------------------------------------------------------

    def wait_for_status(self, status: Status) -> None:
        """
        Let time pass until the instance has a status.

        Raises:
            WaitError: It cannot reach the status any more.
        """
        self._call("waitForStatus", status=status)

    def wait_for_step_result(self, step: StepSelector) -> Any:  # noqa: ANN401 - what the step gives
        """
        Let time pass until a step has succeeded, and give its result.

        A sensitive one is ``"[REDACTED]"``, a stream is all of its bytes.

        Raises:
            WaitError: The step cannot end any more.
            Exception: What the step has failed with.
        """
        outcome = self._call("waitForStep", step=to_selector(step))
        if "error" in outcome:
            raise error_from_wire(outcome["error"])
        return decode(outcome["value"])

    def status(self) -> Status:
        """The status, when all has happened that needs no time to pass."""
        status: Status = self._call("get")["status"]
        return status

    def output(self) -> Any:  # noqa: ANN401 - what the workflow gives
        """
        What the instance has given.

        Raises:
            TestKitError: It is not complete.
        """
        found = self._call("get")
        if found["status"] != "complete":
            raise TestKitError(self._refusal("output", found, "complete"))
        return decode(found["output"])

    def error(self) -> Exception:
        """
        What the instance has failed with.

        Raises:
            TestKitError: It is not errored.
        """
        found = self._call("get")
        if found["status"] != "errored":
            raise TestKitError(self._refusal("error", found, "errored"))
        return error_from_wire(found["error"])

    def result(self) -> Any:  # noqa: ANN401 - what the workflow gives
        """
        Let time pass until the instance has ended, and give its output.

        Raises:
            Exception: What the instance has failed with.
        """
        if self.status() not in _FINAL:
            self._call("waitForEnd")
        found = self._call("get")
        if found["status"] == "errored":
            raise error_from_wire(found["error"])
        return self.output()

    def log(self) -> list[dict[str, Any]]:
        """
        The event log, in upstream's vocabulary.

        Each entry has ``event``, ``name`` and ``count`` of its step, ``attempt``, ``at`` (in ms since 1970) and
        ``detail``.
        """
        entries: list[dict[str, Any]] = self._call("describe")["log"]
        return entries

    def timeline(self) -> str:
        """The run as lines of text, with times from its creation; made for snapshot tests."""
        return timeline_of(self._call("describe"))

    def export(self, path: str | Path) -> None:
        """Write the instance to a run file, without the values of variables. See `stepwell runs`."""
        self._call("exportRun", path=str(Path(path).resolve()))

    def _refusal(self, what: str, found: dict[str, Any], needed: str) -> str:
        text = f'Cannot retrieve {what}: Workflow instance is in status "{found["status"]}" but must be "{needed}".'
        error = found["error"]
        return f"{text} It has failed with {error['name']}: {error['message']}" if error else text

    # What is done to it -----------------------------------------------------------------------------------------------

    def send_event(self, type: str, payload: object = None) -> None:  # noqa: A002 - upstream's name
        """Send an event."""
        self._command("sendEvent", type=type, payload=encode(payload, "payload"))

    def pause(self) -> None:
        """Pause it, once the steps that run have ended."""
        self._command("pause")

    def resume(self) -> None:
        """Let it go on."""
        self._command("resume")

    def terminate(self, *, rollback: bool = False) -> None:
        """End it; with *rollback*, after the rollback handlers of its steps."""
        self._command("terminate", rollback=rollback)

    def restart(self, from_: StepSelector | None = None) -> None:
        """Run it again, from its beginning or from a step on."""
        if from_ is None:
            self._command("restart")
            return
        selector = to_selector(from_)
        self._command("restart", **{"from": {"name": selector["name"], "count": selector["index"]}})

    def delete(self) -> None:
        """Delete it, and all that is known of it."""
        self._command("delete")

    def dispose(self) -> None:
        """End it if it runs, and delete it."""
        if self._engine.is_open:
            self._call("dispose", replay=current.replay)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()

    def _command(self, command: str, **options: object) -> None:
        self._call("command", command=command, options=options)

    def _call(self, op: str, **fields: object) -> Any:  # noqa: ANN401 - what the operation gives
        return self._engine.call(op, workflow=self.workflow, id=self.id, **fields)
