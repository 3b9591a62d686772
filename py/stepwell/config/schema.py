"""The shape of the keys of a wrangler configuration that Stepwell reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class Part(BaseModel):
    """A part of the configuration. It keeps keys that it does not know, so that they can be reported."""

    model_config = ConfigDict(extra="allow", strict=True)


class LimitsEntry(Part):
    """`limits` of a workflow."""

    steps: int | None = Field(default=None, ge=1)


class Concurrency(Part):
    """`concurrency` of a workflow."""

    limit: int | None = Field(default=None, ge=1)


class Retention(Part):
    """`default_retention` of a workflow."""

    success_retention: int | str | None = None
    error_retention: int | str | None = None


class WorkflowEntry(Part):
    """An entry of `workflows`."""

    binding: str
    name: str
    class_name: str
    script_name: str | None = None
    limits: LimitsEntry | None = None
    concurrency: Concurrency | None = None
    default_retention: Retention | None = None
    schedules: str | list[str] = []
    # Upstream's further keys, whose contents are theirs.
    jurisdiction: Any = None
    remote: Any = None


class ExportEntry(Part):
    """An entry of `exports`; only those of type `workflow` are used."""

    type: str | None = None
    name: str | None = None
    limits: LimitsEntry | None = None


class Triggers(Part):
    """`triggers` of the Worker; those of workflows are `schedules`."""

    crons: list[str] | None = None
    events: Any = None


class Secrets(Part):
    """`secrets`: names that must have values."""

    required: list[str] = []


class DevSettings(Part):
    """`dev`: where the development server listens. Wrangler's other keys have no effect here."""

    ip: str | None = None
    port: int | None = Field(default=None, ge=0, le=65_535)
    inspector_port: Any = None
    inspector_ip: Any = None
    local_protocol: Any = None
    upstream_protocol: Any = None
    host: Any = None
    enable_containers: Any = None
    container_engine: Any = None
    generate_types: Any = None


class ServiceEntry(Part):
    """An entry of `services`."""

    binding: str
    service: str
    entrypoint: str | None = None
    props: Any = None
    remote: Any = None
    environment: Any = None


class ObjectEntry(Part):
    """An entry of `durable_objects.bindings`."""

    name: Any = None
    class_name: str
    script_name: str | None = None
    environment: Any = None
    remote: Any = None


class DurableObjects(Part):
    """`durable_objects`."""

    bindings: list[ObjectEntry] = []


class Wrangler(Part):
    """The keys of an environment that Stepwell uses."""

    main: str | None = None
    """Absent: the project has static assets and no code."""
    name: str | None = None
    workflows: list[WorkflowEntry] = []
    exports: dict[str, ExportEntry] = {}
    vars: dict[str, JsonValue] = {}
    secrets: Secrets | None = None
    alias: dict[str, str] = {}
    define: dict[str, str] = {}
    services: list[ServiceEntry] = []
    durable_objects: DurableObjects | None = None
    triggers: Triggers | None = None
    dev: DevSettings | None = None
    compatibility_date: str | None = None
    compatibility_flags: list[str] = []


KINDS: dict[str, Literal["a string", "a whole number", "an object", "an array"]] = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
    "list_type": "an array",
}


def problem_of(detail: ErrorDetails) -> str:
    """What is wrong with the value that *detail* is about, as the rest of a sentence that begins with its key."""
    if detail["type"] == "missing":
        return "is missing."
    got = shown(detail["input"])
    if kind := KINDS.get(detail["type"]):
        return f"is {got}; it must be {kind}."
    if detail["type"] == "greater_than_equal":
        return f"is {got}; it must be {detail['ctx']['ge']} or more."
    if detail["type"] == "less_than_equal":
        return f"is {got}; it must be {detail['ctx']['le']} or less."
    return f"is {got}: {detail['msg']}."


def shown(value: object) -> str:
    """The value as a message names it: containers by their kind."""
    match value:
        case dict():
            return "an object"
        case list():
            return "an array"
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)
