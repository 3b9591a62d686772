"""Reads a project from its wrangler configuration."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from stepwell.compatibility import cloudflare_python, sdk_flags
from stepwell.config.assets import Assets, read_assets
from stepwell.config.binding_keys import read_bindings
from stepwell.config.document import read_document, shown_key
from stepwell.config.environment import chosen_environment, select_environment
from stepwell.config.queues import read_consumers
from stepwell.config.report import describe_config
from stepwell.config.schema import Part, Wrangler, problem_of
from stepwell.config.secrets import secret_files, secrets_request
from stepwell.config.stand_ins import with_stand_ins
from stepwell.exceptions import InputError
from stepwell.host_process import host_root
from stepwell.names import MAX_NAME_CHARACTERS, binding_name, name_problem
from stepwell.project import Project, WorkflowSetting
from stepwell.target import SUFFIXES
from stepwell.utf8_path import utf8_source

if TYPE_CHECKING:
    from stepwell.config.document import Document
    from stepwell.config.environment import ConfigEnvironment
    from stepwell.config.schema import Retention

MAX_STEPS = 25_000
"""What upstream allows; beyond it a workflow runs here only."""


def load_config(path: Path, environment: str | None = None) -> Project:
    """
    The project that the configuration at *path* describes.

    Args:
        path: A wrangler.json, wrangler.jsonc or wrangler.toml.
        environment: What `--env` says; None where it is absent.

    Raises:
        InputError: It cannot be read, or does not fit; the message names file, line and key.
    """
    return to_project(read_document(path), environment)


def to_project(document: Document, environment: str | None = None) -> Project:
    """
    The project that a configuration describes, which may be one that no file has.

    Raises:
        InputError: It does not fit.
    """
    path = document.path
    chosen = select_environment(document, chosen_environment(environment))
    config = _validate(document, chosen)
    assets = read_assets(document, chosen)
    main = _main(document, chosen, config.main) if config.main is not None else _main_of_assets(document, assets)
    bindings = with_stand_ins(read_bindings(document, chosen), main)
    worker_env = {binding.name: binding.entry for binding in bindings}
    for entry in worker_env.values():
        if entry.get("type") == "assets" and assets is not None:
            entry["options"] = assets
    required = config.secrets.required if config.secrets else None
    return Project(
        main=main,
        workflows=_settings(document, chosen, config),
        env=dict(config.vars),
        bindings=_workflow_bindings(config) or None,
        worker_env=worker_env,
        assets=assets,
        bundle=_bundle(path.parent, config) if main.suffix != ".py" else {},
        secrets=secrets_request(path.parent.resolve(), chosen.name, required),
        crons=_crons(config),
        queue_consumers=read_consumers(document, chosen),
        warnings=[*chosen.warnings, *_warnings(document, chosen, config)],
        notes=[
            *describe_config(document, chosen, bindings, is_bundled=main.suffix != ".py"),
            *_secret_notes(path, chosen.name),
        ],
        sdk_flags=sdk_flags(document, chosen, config.compatibility_date, config.compatibility_flags),
        cloudflare_python=cloudflare_python(document, chosen, config.compatibility_date, config.compatibility_flags),
        script_name=config.name,
        config=path,
        environment=chosen.name,
        dev_ip=config.dev.ip if config.dev else None,
        dev_port=config.dev.port if config.dev else None,
    )


def _validate(document: Document, chosen: ConfigEnvironment) -> Wrangler:
    try:
        return Wrangler.model_validate(chosen.values)
    except ValidationError as error:
        problems = []
        for detail in error.errors():
            keys = chosen.keys(*detail["loc"]) if detail["loc"] else ()
            problems.append(str(document.error(keys, problem_of(detail))))
        raise InputError("\n".join(problems)) from None


def _main_of_assets(document: Document, assets: Assets | None) -> Path:
    """The main file of a project without one, which can only have static assets."""
    if assets is None:
        raise document.error(
            ("main",), "is missing. A project without it has `assets` with a `directory`, and no code."
        )
    return host_root() / "js" / "server" / "serving" / "assets_only.mjs"


def _bundle(folder: Path, config: Wrangler) -> dict[str, dict[str, str]]:
    """What the configuration says of the bundle. Relative modules are beside the configuration."""
    alias = {
        name: str((folder / target).resolve()) if target.startswith(("./", "../")) else target
        for name, target in config.alias.items()
    }
    return {key: value for key, value in (("alias", alias), ("define", config.define)) if value}


def _main(document: Document, chosen: ConfigEnvironment, name: str) -> Path:
    if Path(name).suffix not in SUFFIXES:
        problem = f"is {name!r}, whose name ends in none of {', '.join(SUFFIXES)}."
        raise document.error(chosen.keys("main"), problem)
    try:
        main = utf8_source((document.path.parent / name).resolve())
        if main.is_file():
            return main
    except (OSError, ValueError):  # a name that no file system has
        pass
    raise document.error(chosen.keys("main"), f"is {name!r}, and there is no such file.")


def _settings(document: Document, chosen: ConfigEnvironment, config: Wrangler) -> list[WorkflowSetting]:
    found: list[tuple[tuple[str | int, ...], WorkflowSetting]] = []
    for index, entry in enumerate(config.workflows):
        # Another Worker's workflow is only called from here.
        if entry.script_name not in (None, config.name):
            for key in OWN_SETTINGS:
                if getattr(entry, key):
                    problem = (
                        f"cannot be set here: the workflow belongs to {entry.script_name!r}. "
                        "Set it in that Worker's configuration."
                    )
                    raise document.error(chosen.keys("workflows", index, key), problem)
            continue
        setting = WorkflowSetting(
            entry.name,
            entry.class_name,
            step_limit=entry.limits.steps if entry.limits else None,
            concurrency=entry.concurrency.limit if entry.concurrency else None,
            retention=_retention(entry.default_retention),
            schedules=[entry.schedules] if isinstance(entry.schedules, str) else entry.schedules,
        )
        found.append((chosen.keys("workflows", index, "name"), setting))
    for class_name, export in config.exports.items():
        if export.type == "workflow":
            steps = export.limits.steps if export.limits else None
            setting = WorkflowSetting(export.name or class_name, class_name, steps)
            found.append((chosen.keys("exports", class_name, "name"), setting))
    seen: set[str] = set()
    for keys, setting in found:
        if invalid := name_problem(setting.name, MAX_NAME_CHARACTERS):
            raise document.error(keys, f"{invalid}.")
        if setting.name in seen:
            raise document.error(keys, f"is {setting.name!r}, which another workflow has already.")
        seen.add(setting.name)
    return [setting for _, setting in found]


OWN_SETTINGS = ("limits", "concurrency", "default_retention", "schedules", "jurisdiction")
"""What only the Worker that has the workflow can say of it: upstream's rule."""


def _retention(given: Retention | None) -> dict[str, int | str]:
    if given is None:
        return {}
    durations = {"success_retention": given.success_retention, "error_retention": given.error_retention}
    return {key: duration for key, duration in durations.items() if duration is not None}


def _workflow_bindings(config: Wrangler) -> dict[str, str]:
    """Names of workflows by the names under which the code has them, other Workers' included."""
    exported = {
        binding_name(class_name): export.name or class_name
        for class_name, export in config.exports.items()
        if export.type == "workflow"
    }
    return {**exported, **{entry.binding: entry.name for entry in config.workflows}}


def _crons(config: Wrangler) -> list[str]:
    return list(config.triggers.crons or []) if config.triggers else []


def _secret_notes(path: Path, environment: str | None) -> list[str]:
    files = ", ".join(file.name for file in secret_files(path.parent, environment))
    return [f"Secrets are read from {files}."] if files else []


def _warnings(document: Document, chosen: ConfigEnvironment, config: Wrangler) -> list[str]:
    warnings: list[str] = []

    def unknown(part: Part | None, *keys: str | int) -> None:
        if part is not None:
            warnings.extend(_unknown_keys(document, chosen.keys(*keys), part))

    unknown(config.triggers, "triggers")
    unknown(config.secrets, "secrets")
    unknown(config.dev, "dev")
    for index, service in enumerate(config.services):
        unknown(service, "services", index)
    for index, entry in enumerate(config.workflows):
        place = ("workflows", index)
        unknown(entry, *place)
        unknown(entry.concurrency, *place, "concurrency")
        unknown(entry.default_retention, *place, "default_retention")
        unknown(entry.limits, *place, "limits")
        if entry.limits and (entry.limits.steps or 0) > MAX_STEPS:
            keys = chosen.keys(*place, "limits", "steps")
            steps = f"{entry.limits.steps:,}; upstream allows at most {MAX_STEPS:,}."
            warnings.append(f"{document.at(keys)}: {shown_key(keys)} is {steps}")
    return warnings


def _unknown_keys(document: Document, keys: tuple[str | int, ...], part: Part) -> list[str]:
    known = list(type(part).model_fields)
    warnings = []
    for unknown in part.model_extra or {}:
        near = difflib.get_close_matches(unknown, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
        place = document.at((*keys, unknown))
        warnings.append(f"{place}: {shown_key(keys)} has the unknown key {unknown!r}; {hint}")
    return warnings
