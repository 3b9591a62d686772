"""
What every run hears from the host: the envelope of an answer, what is deployed, instances in short, and events.

pydantic's core checks them, and is told here what they look like. pydantic itself would find that out from the
annotations, as it does for all else (`models.py`), but takes 80 ms of processor time to import and make ready: a third
of Python's share in a whole `stepwell run`. A test has pydantic read the annotations, and compares.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the test reads the annotations
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic_core import SchemaValidator, ValidationError
from pydantic_core import core_schema as core

from stepwell.formatting import escape_surrogates
from stepwell.statuses import STATUSES, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import CoreSchema

ANY = core.any_schema()
BOOLEAN = core.bool_schema()
NUMBER = core.float_schema()
STATUS = core.literal_schema(list(STATUSES))
TEXT = core.str_schema()
TIME = core.datetime_schema()
WHOLE = core.int_schema()

_OBJECT = SchemaValidator(core.dict_schema(TEXT, ANY))


class HostResponse:
    """What comes from the host. A newer one may say more."""

    schema: ClassVar[CoreSchema]
    _validator: ClassVar[SchemaValidator]

    @classmethod
    def describe(cls, *, alias: Callable[[str], str] = str, **fields: CoreSchema) -> None:
        """
        Say what the *fields* of this dataclass are.

        Args:
            alias: What the host calls a field.
            fields: By their names.
        """
        described = [
            core.dataclass_field(name, field, kw_only=True, validation_alias=alias(name))
            for name, field in fields.items()
        ]
        arguments = core.dataclass_args_schema(cls.__name__, described, extra_behavior="ignore")
        cls.schema = core.dataclass_schema(cls, arguments, list(fields), frozen=True)
        cls._validator = SchemaValidator(cls.schema)

    @classmethod
    def model_validate(cls, value: object) -> Self:
        """*value* as one, or pydantic's `ValidationError`; the method's name is pydantic's too."""
        made: Self = cls._validator.validate_python(value)
        return made

    @classmethod
    def model_validate_json(cls, text: str | bytes) -> Self:
        """As `model_validate`, for JSON."""
        try:
            made: Self = cls._validator.validate_json(text)
        except ValidationError:
            # pydantic's parser refuses lone surrogates, which values of JavaScript and Python may have.
            return cls.model_validate(_escaped(json.loads(text)))
        return made


VALUES = frozenset({"output", "params", "payload", "vars"})
"""The keys of values from users' code. Such a value stays as it is; other texts are for people."""


def _escaped(value: Any) -> Any:  # noqa: ANN401 - whatever the host has sent
    """*value* with lone surrogates escaped in texts for people."""
    if isinstance(value, str):
        return escape_surrogates(value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: item if key in VALUES else _escaped(item) for key, item in value.items()}
    return value


def as_object(value: object) -> dict[str, Any]:
    """*value*, which must be a JSON object, as it is."""
    made: dict[str, Any] = _OBJECT.validate_python(value)
    return made


def optional(field: CoreSchema) -> CoreSchema:
    """*field*, or None, also where it is left out."""
    return core.with_default_schema(core.nullable_schema(field), default=None)


def camel_case(name: str) -> str:
    """The name of a field in events, which are upstream's."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@dataclass(frozen=True, kw_only=True)
class ErrorEntry(HostResponse):
    """One refusal."""

    code: int
    message: str
    reason: str | None = None
    traceback: str | None = None


ErrorEntry.describe(code=WHOLE, message=TEXT, reason=optional(TEXT), traceback=optional(TEXT))


@dataclass(frozen=True, kw_only=True)
class ResultInfo(HostResponse):
    """Which page of a list this is."""

    count: int
    per_page: int
    total_count: int
    page: int = 1
    total_pages: int = 1
    cursor: str | None = None


ResultInfo.describe(
    count=WHOLE,
    per_page=WHOLE,
    total_count=WHOLE,
    page=core.with_default_schema(WHOLE, default=1),
    total_pages=core.with_default_schema(WHOLE, default=1),
    cursor=optional(TEXT),
)


@dataclass(frozen=True, kw_only=True)
class Envelope(HostResponse):
    """What every answer is wrapped in."""

    success: bool
    errors: list[ErrorEntry]
    result: Any = None
    result_info: ResultInfo | None = None


Envelope.describe(
    success=BOOLEAN,
    errors=core.list_schema(ErrorEntry.schema),
    result=optional(ANY),
    result_info=optional(ResultInfo.schema),
)


@dataclass(frozen=True, kw_only=True)
class DeployedWorkflow(HostResponse):
    """A workflow that a deployment has registered."""

    name: str
    class_name: str
    input_schema: Any = None


DeployedWorkflow.describe(name=TEXT, class_name=TEXT, input_schema=optional(ANY))


@dataclass(frozen=True, kw_only=True)
class Deployed(HostResponse):
    """What a deployment has registered."""

    workflows: list[DeployedWorkflow]


Deployed.describe(workflows=core.list_schema(DeployedWorkflow.schema))


@dataclass(frozen=True, kw_only=True)
class InstanceSummary(HostResponse):
    """An instance in a list."""

    id: str
    status: Status
    created_on: datetime
    modified_on: datetime
    started_on: datetime | None = None
    ended_on: datetime | None = None
    version_id: str
    workflow_id: str
    trigger_source: str = "unknown"


InstanceSummary.describe(
    id=TEXT,
    status=STATUS,
    created_on=TIME,
    modified_on=TIME,
    started_on=optional(TIME),
    ended_on=optional(TIME),
    version_id=TEXT,
    workflow_id=TEXT,
    trigger_source=core.with_default_schema(TEXT, default="unknown"),
)


@dataclass(frozen=True, kw_only=True)
class InstancePage(HostResponse):
    """A page of instances."""

    instances: list[InstanceSummary]
    result_info: ResultInfo | None = None


InstancePage.describe(
    instances=core.list_schema(InstanceSummary.schema),
    result_info=optional(ResultInfo.schema),
)


@dataclass(frozen=True, kw_only=True)
class InstanceStatus(HostResponse):
    """What a run has to know of an instance that is there already."""

    status: Status
    params: Any = None


InstanceStatus.describe(status=STATUS, params=optional(ANY))


@dataclass(frozen=True, kw_only=True)
class WorkflowFault(HostResponse):
    """An error of the user's code, or of a step. The traceback is ours, the rest upstream's."""

    name: str
    message: str
    traceback: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


WorkflowFault.describe(name=TEXT, message=TEXT, traceback=optional(TEXT))


@dataclass(frozen=True, kw_only=True)
class Event(HostResponse):
    """An event of a subscription; which of the fields are there depends on `type`."""

    type: str
    timestamp: float
    event_id: int | None = None
    step_name: str | None = None
    attempt: int | None = None
    error: WorkflowFault | None = None
    retry_delay_ms: float | None = None
    duration_ms: float | None = None
    event_type: str | None = None
    timeout_ms: float | None = None
    output: Any = None
    level: str | None = None
    text: str | None = None
    resumed: bool | None = None


Event.describe(
    alias=camel_case,
    type=TEXT,
    timestamp=NUMBER,
    event_id=optional(WHOLE),
    step_name=optional(TEXT),
    attempt=optional(WHOLE),
    error=optional(WorkflowFault.schema),
    retry_delay_ms=optional(NUMBER),
    duration_ms=optional(NUMBER),
    event_type=optional(TEXT),
    timeout_ms=optional(NUMBER),
    output=optional(ANY),
    level=optional(TEXT),
    text=optional(TEXT),
    resumed=optional(BOOLEAN),
)
