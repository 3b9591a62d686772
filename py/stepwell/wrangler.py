"""A wrangler configuration, as far as workflows are concerned. Its other keys are other products' business."""

from __future__ import annotations

import difflib
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from stepwell.compatibility import sdk_flags
from stepwell.exceptions import InputError
from stepwell.names import MAX_NAME_CHARACTERS, binding_name, name_problem
from stepwell.project import Project, WorkflowSetting
from stepwell.target import SUFFIXES
from stepwell.utf8_path import utf8_source

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MAX_STEPS = 25_000
"""What upstream allows; beyond it a workflow runs here only."""


class Part(BaseModel):
    """A part of the configuration. What it does not know it keeps, to be warned of."""

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
    """An entry of `exports`; only those of type `workflow` are ours."""

    type: str | None = None
    name: str | None = None
    limits: LimitsEntry | None = None


class Triggers(Part):
    """`triggers` of the Worker; those of workflows are `schedules`."""

    crons: list[str] | None = None


class Wrangler(Part):
    """The file."""

    main: str
    name: str | None = None
    workflows: list[WorkflowEntry] = []
    exports: dict[str, ExportEntry] = {}
    vars: dict[str, JsonValue] = {}
    triggers: Triggers | None = None
    compatibility_date: str | None = None
    compatibility_flags: list[str] = []


def load_config(path: Path) -> Project:
    """
    The project that the configuration at *path* describes.

    Raises:
        InputError: It cannot be read, or does not fit.
    """
    try:
        config = Wrangler.model_validate(_read(path))
    except ValidationError as error:
        problems = [f"{path}: {_describe(detail)}" for detail in error.errors()]
        raise InputError("\n".join(problems)) from None
    if Path(config.main).suffix not in SUFFIXES:
        raise InputError(f"{path}: main is {config.main!r}, whose name ends in none of {', '.join(SUFFIXES)}.")
    main = _main(path, config.main)
    return Project(
        main=main,
        workflows=_settings(path, config),
        env=dict(config.vars),
        bindings=_bindings(config) or None,
        warnings=[f"{path}: {warning}" for warning in _warnings(config)],
        sdk_flags=sdk_flags(path, config.compatibility_date, config.compatibility_flags),
        script_name=config.name,
    )


def _main(path: Path, name: str) -> Path:
    try:
        main = utf8_source((path.parent / name).resolve())
        if main.is_file():
            return main
    except (OSError, ValueError):  # a name that no file system has
        pass
    raise InputError(f"{path}: main is {name!r}, and there is no such file.")


def _read(path: Path) -> object:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}.") from error
    try:
        return tomllib.loads(text) if path.suffix == ".toml" else _loads_jsonc(text)
    except (ValueError, RecursionError) as error:
        language = "TOML" if path.suffix == ".toml" else "JSON"
        raise InputError(f"{path} is not {language}: {error}") from error


def _loads_jsonc(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        import json5  # noqa: PLC0415 - only for comments and trailing commas

        return json5.loads(text)


def _settings(path: Path, config: Wrangler) -> list[WorkflowSetting]:
    found: list[tuple[str, WorkflowSetting]] = []
    for index, entry in enumerate(config.workflows):
        # Another Worker's workflow is only called from here.
        if entry.script_name not in (None, config.name):
            _refuse_settings(path, index, entry)
            continue
        setting = WorkflowSetting(
            entry.name,
            entry.class_name,
            step_limit=entry.limits.steps if entry.limits else None,
            concurrency=entry.concurrency.limit if entry.concurrency else None,
            retention=_retention(entry.default_retention),
            schedules=[entry.schedules] if isinstance(entry.schedules, str) else entry.schedules,
        )
        found.append((f"workflows[{index}].name", setting))
    for class_name, export in config.exports.items():
        if export.type == "workflow":
            steps = export.limits.steps if export.limits else None
            setting = WorkflowSetting(export.name or class_name, class_name, steps)
            found.append((f"exports.{class_name}.name", setting))
    seen: set[str] = set()
    for key, setting in found:
        if problem := name_problem(setting.name, MAX_NAME_CHARACTERS):
            raise InputError(f"{path}: {key} {problem}.")
        if setting.name in seen:
            raise InputError(f"{path}: {key} is {setting.name!r}, which another workflow has already.")
        seen.add(setting.name)
    return [setting for _, setting in found]


OWN_SETTINGS = ("limits", "concurrency", "default_retention", "schedules", "jurisdiction")
"""What only the Worker that has the workflow can say of it: upstream's rule."""


def _refuse_settings(path: Path, index: int, entry: WorkflowEntry) -> None:
    for key in OWN_SETTINGS:
        if getattr(entry, key):
            raise InputError(
                f"{path}: workflows[{index}].{key} cannot be set here: the workflow belongs to {entry.script_name!r}. "
                "Set it in that Worker's configuration."
            )


def _retention(given: Retention | None) -> dict[str, int | str]:
    if given is None:
        return {}
    durations = {"success_retention": given.success_retention, "error_retention": given.error_retention}
    return {key: duration for key, duration in durations.items() if duration is not None}


def _bindings(config: Wrangler) -> dict[str, str]:
    """Names of workflows by the names under which the code has them, other Workers' included."""
    exported = {
        binding_name(class_name): export.name or class_name
        for class_name, export in config.exports.items()
        if export.type == "workflow"
    }
    return {**exported, **{entry.binding: entry.name for entry in config.workflows}}


def _warnings(config: Wrangler) -> list[str]:
    warnings: list[str] = []
    if config.triggers and config.triggers.crons:
        warnings.append(
            "triggers.crons has no effect here: it calls a Worker's scheduled handler. "
            "A workflow is started by the `schedules` of its entry in `workflows`."
        )
    for index, entry in enumerate(config.workflows):
        key = f"workflows[{index}]"
        warnings += _unknown_keys(key, entry)
        if entry.concurrency:
            warnings += _unknown_keys(f"{key}.concurrency", entry.concurrency)
        if entry.default_retention:
            warnings += _unknown_keys(f"{key}.default_retention", entry.default_retention)
        if entry.limits:
            warnings += _unknown_keys(f"{key}.limits", entry.limits)
            if (entry.limits.steps or 0) > MAX_STEPS:
                warnings.append(f"{key}.limits.steps is {entry.limits.steps:,}; upstream allows at most {MAX_STEPS:,}.")
    return warnings


def _unknown_keys(key: str, part: Part) -> list[str]:
    known = list(type(part).model_fields)
    warnings = []
    for unknown in part.model_extra or {}:
        near = difflib.get_close_matches(unknown, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
        warnings.append(f"{key} has the unknown key {unknown!r}; {hint}")
    return warnings


KINDS: dict[str, Literal["a string", "a whole number", "an object", "an array"]] = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
    "list_type": "an array",
}


def _describe(detail: ErrorDetails) -> str:
    key = ""
    for part in detail["loc"]:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    if detail["type"] == "missing":
        return f"{key} is missing."
    got = _shown(detail["input"])
    if kind := KINDS.get(detail["type"]):
        return f"{key or 'the file'} is {got}; it must be {kind}."
    if detail["type"] == "greater_than_equal":
        return f"{key} is {got}; it must be {detail['ctx']['ge']} or more."
    return f"{key} is {got}: {detail['msg']}."


def _shown(value: object) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "an array"
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)
