"""What the host's HTTP interface says besides `responses.py`: upstream's REST shapes, with our additions."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic needs it at run time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from stepwell.responses import WorkflowFault  # noqa: TC001 - likewise
from stepwell.statuses import Status  # noqa: TC001 - likewise


class ResponseModel(BaseModel):
    """What comes from the host. A newer one may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class HostInfo(ResponseModel):
    """What the host runs on."""

    version: str
    pid: int
    node: str
    sqlite: str
    pyodide: str
    state: str
    schema_version: int = Field(alias="schema")


class Schedule(ResponseModel):
    """When a workflow is started by the clock."""

    cron: str
    next_instance: datetime | None


class WorkflowSummary(ResponseModel):
    """A workflow of the state."""

    id: str
    name: str
    class_name: str
    script_name: str
    created_on: datetime
    modified_on: datetime
    triggered_on: datetime | None
    instances: dict[str, int]
    schedules: list[Schedule] = []


class Token(ResponseModel):
    """A token for the HTTP interface; its secret is there only where it has just been created."""

    id: str
    name: str
    scope: Literal["read", "write", "admin"]
    account: str
    created_on: datetime
    expires_on: datetime | None
    revoked_on: datetime | None
    secret: str | None = None


class AuditEntry(ResponseModel):
    """Who changed what."""

    number: int
    at: datetime
    actor: str
    action: str
    workflow: str | None
    instance: str | None
    detail: Any = None
    outcome: str | None
    """None: under way, or cut by a crash."""


class Trigger(ResponseModel):
    """What asked for an instance, or ended it."""

    source: str


class Attempt(ResponseModel):
    """One attempt of a step."""

    start: datetime
    end: datetime | None
    success: bool | None
    error: WorkflowFault | None
    retry_delay_ms: float | None = Field(default=None, alias="retryDelayMs")
    cpu_ms: float | None = Field(default=None, alias="cpuMs")
    """Processor time that it has used, where the runtime counts that."""
    memory_bytes: int | None = Field(default=None, alias="memoryBytes")
    """By how much it has made its interpreter grow, where the runtime counts that."""


class DoStep(ResponseModel):
    """A `step.do`, or a step's rollback."""

    type: Literal["step", "rollback"]
    name: str
    start: datetime
    end: datetime | None
    success: bool | None
    output: Any = None
    config: dict[str, Any] = {}
    attempts: list[Attempt]


class SleepStep(ResponseModel):
    """A `step.sleep` or `step.sleep_until`."""

    type: Literal["sleep"]
    name: str
    start: datetime
    end: datetime | None
    finished: bool
    error: WorkflowFault | None = None


class WaitStep(ResponseModel):
    """A `step.wait_for_event`."""

    type: Literal["waitForEvent"]
    name: str
    start: datetime
    end: datetime | None
    finished: bool
    error: WorkflowFault | None = None
    event_type: str | None = None
    until: datetime | None = None
    """When it gives up; None from hosts of before."""
    output: Any = None


class Termination(ResponseModel):
    """An end by request."""

    type: Literal["termination"]
    trigger: Trigger


Step = Annotated[DoStep | SleepStep | WaitStep | Termination, Field(discriminator="type")]


class LogLine(ResponseModel):
    """A line that user code printed or logged."""

    timestamp: datetime
    step: str | None = None
    level: str
    text: str


class InstanceDetail(ResponseModel):
    """An instance with its steps."""

    status: Status
    params: Any = None
    trigger: Trigger
    version_id: str = Field(alias="versionId")
    queued: datetime
    start: datetime | None
    end: datetime | None
    success: bool | None
    error: WorkflowFault | None
    output: Any = None
    step_count: int
    steps: list[Step]
    logs: list[LogLine] = []


class StatusChange(ResponseModel):
    """What became of a pause, resume, terminate or restart."""

    status: Status
    timestamp: datetime


class SentEvent(ResponseModel):
    """An event that was sent."""

    instance_id: str = Field(alias="instanceId")
    timestamp: datetime


class DeletedInstance(ResponseModel):
    """An instance that is gone."""

    id: str


class DeleteFailure(ResponseModel):
    """An instance that could not be deleted."""

    id: str
    code: int
    message: str


class DeletedBatch(ResponseModel):
    """What became of each instance to delete."""

    deleted: list[DeletedInstance]
    errors: list[DeleteFailure]


class RecordedStep(ResponseModel):
    """A step of a run file."""

    type: Literal["do", "sleep", "waitForEvent"]
    name: str
    count: int


class RunFile(ResponseModel):
    """A run file that has been opened."""

    workflow: str
    id: str
    main: str
    versions: dict[str, str]
    exported_on: datetime = Field(alias="exported_at")
    sources: list[str]
    class_name: str
    step_limit: int | None
    vars: dict[str, Any]
    bindings: dict[str, str] | None
    steps: list[RecordedStep]
    detail: InstanceDetail


class Replayed(ResponseModel):
    """What came of running a run's code against its history."""

    same: bool
    status: Literal["complete", "errored", "stopped"]
    output: Any = None
    error: WorkflowFault | None = None
    called: list[str]
    unrecorded: list[str]
    uncalled: list[str]


class ComparedStep(ResponseModel):
    """A step of two runs; None where one of them lacks it."""

    step: str
    left: Step | None
    right: Step | None
    same: bool
    differs: list[str]


class Comparison(ResponseModel):
    """Two runs side by side."""

    same: bool
    differs: list[str]
    rows: list[ComparedStep]
