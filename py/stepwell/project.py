"""TARGET: a file with workflows, a class in one, or a folder with a wrangler configuration."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field
from pathlib import Path

from stepwell.exceptions import InputError
from stepwell.runtimes import DEFAULTS, Runtime

CONFIG_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""In upstream's order of precedence."""
SUFFIXES = tuple(DEFAULTS)
"""Of files that can be run."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    What a TARGET names, as far as a look at the disk tells.

    Attributes:
        text: As it was given.
        main: The file; None where the configuration says which.
        config: The configuration; None for a file.
        class_name: The class after the colon.
    """

    text: str
    main: Path | None
    config: Path | None
    class_name: str | None


@dataclass(frozen=True, slots=True)
class WorkflowSetting:
    """A workflow that the configuration names."""

    name: str
    class_name: str
    step_limit: int | None = None
    concurrency: int | None = None
    """How many instances may run at once."""
    retention: dict[str, int | str] = field(default_factory=dict)
    """How long finished instances are kept, by ``success_retention`` and ``error_retention``."""
    schedules: list[str] = field(default_factory=list)
    """Cron expressions, in UTC, at whose times instances are made."""


@dataclass(frozen=True, slots=True)
class Project:
    """
    What there is to run.

    Attributes:
        main: The file with the workflows. The modules beside it can be imported.
        workflows: Those of the configuration; empty means every workflow class of the file.
        env: What `self.env` has besides the workflows.
        bindings: Names of workflows by the names that `self.env` has for them; None means each class under its own.
        warnings: What looks like a mistake in the configuration.
        sdk_flags: Compatibility flags for Cloudflare's own SDK; ours has none.
    """

    main: Path
    workflows: list[WorkflowSetting] = field(default_factory=list)
    env: dict[str, object] = field(default_factory=dict)
    bindings: dict[str, str] | None = None
    warnings: list[str] = field(default_factory=list)
    sdk_flags: list[str] = field(default_factory=list)

    def deployment(self, runtime: Runtime | None = None) -> dict[str, object]:
        """The project as the host takes it, to be run by *runtime*."""
        workflows: list[dict[str, object]] = []
        for workflow in self.workflows:
            entry: dict[str, object] = {"name": workflow.name, "class_name": workflow.class_name}
            if workflow.step_limit is not None:
                entry["limits"] = {"steps": workflow.step_limit}
            if workflow.concurrency is not None:
                entry["concurrency"] = {"limit": workflow.concurrency}
            if workflow.retention:
                entry["default_retention"] = workflow.retention
            if workflow.schedules:
                entry["schedules"] = workflow.schedules
            workflows.append(entry)
        return {
            "root": str(self.main.parent),
            "main": str(self.main),
            "vars": self.env,
            "bindings": self.bindings,
            "runtime": {**runtime, "flags": self.sdk_flags} if runtime and "sdk" in runtime else runtime,
            "workflows": workflows or None,
        }


def find_target(text: str) -> Target:
    """
    Look *text* up on the disk, without reading anything.

    Raises:
        InputError: There is nothing that could be run.
    """
    path, class_name = _split(text)
    if path.is_dir():
        if class_name is not None:
            raise InputError(f"TARGET {text!r} names a class in a folder; choose it with --workflow {class_name}.")
        for name in CONFIG_NAMES:
            if (path / name).is_file():
                return Target(text, None, path / name, None)
        names = ", ".join(CONFIG_NAMES[:-1]) + f" or {CONFIG_NAMES[-1]}"
        raise InputError(f"Folder {str(path)!r} has no {names}. Give one, or a file as TARGET.")
    if not path.exists():
        raise InputError(f"TARGET {str(path)!r} does not exist.")
    if path.suffix not in SUFFIXES:
        raise InputError(f"TARGET {str(path)!r} cannot be run: its name ends in none of {', '.join(SUFFIXES)}.")
    return Target(text, path.resolve(), None, class_name)


def _split(text: str) -> tuple[Path, str | None]:
    whole = Path(text)
    head, colon, tail = text.rpartition(":")
    if not colon or whole.exists():
        return whole, None
    if not tail.isidentifier() or keyword.iskeyword(tail):
        raise InputError(f"TARGET {text!r} names the class {tail!r}, which is not a name.")
    return Path(head), tail


def load_project(target: Target) -> Project:
    """
    Read what *target* names.

    Raises:
        InputError: The configuration does not fit.
    """
    if target.main is not None:
        return Project(main=target.main)
    from stepwell.wrangler import load_config  # noqa: PLC0415 - a file needs no configuration

    assert target.config is not None  # noqa: S101 - a target is one or the other
    return load_config(target.config)
