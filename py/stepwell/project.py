"""A project: the main file, its workflows and their settings, as the host deploys them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.runtimes import Runtime


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
        env: The variables that `self.env` has.
        bindings: Names of workflows by the names that `self.env` has for them; None means each class under its own.
        worker_env: The other bindings that `self.env` has, as the host takes them.
        assets: Its static assets, as the host takes them; None without any.
        secrets: Where the host reads secrets; None without any.
        crons: Cron expressions, in UTC, at whose times the Worker's scheduled handler is called.
        queue_consumers: The queues whose messages the Worker's queue handler takes, as the host takes them.
        warnings: What looks like a mistake in the configuration.
        notes: What the configuration says that has another meaning here.
        bundle: What its bundle has in place of modules (``alias``) and of names (``define``), if it is in JavaScript.
        sdk_flags: Compatibility flags for Cloudflare's own SDK; ours has none.
        cloudflare_python: The version of Python that Cloudflare runs for the project, where it says.
        script_name: The Worker's name.
        account: The account whose workflows they are; None means the default account.
        config: The configuration; None for a file of its own.
        environment: The configuration's environment; None means its top level.
        dev_ip: Where the configuration says that the development server listens.
        dev_port: The port likewise.
    """

    main: Path
    workflows: list[WorkflowSetting] = field(default_factory=list)
    env: dict[str, object] = field(default_factory=dict)
    bindings: dict[str, str] | None = None
    worker_env: dict[str, dict[str, object]] = field(default_factory=dict)
    assets: dict[str, object] | None = None
    secrets: dict[str, object] | None = None
    crons: list[str] = field(default_factory=list)
    queue_consumers: list[dict[str, object]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sdk_flags: list[str] = field(default_factory=list)
    cloudflare_python: str | None = None
    script_name: str | None = None
    account: str | None = None
    config: Path | None = None
    environment: str | None = None
    bundle: dict[str, dict[str, str]] = field(default_factory=dict)
    dev_ip: str | None = None
    dev_port: int | None = None

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
        named = {"script_name": self.script_name, "account": self.account}
        return {
            **{key: value for key, value in named.items() if value is not None},
            "root": str(self.main.parent),
            "main": str(self.main),
            "vars": self.env,
            "bindings": self.bindings,
            "env": self.worker_env or None,
            "secrets": self.secrets,
            "runtime": self._runtime(runtime),
            "workflows": workflows or None,
        }

    def _runtime(self, runtime: Runtime | None) -> dict[str, object] | None:
        if self.bundle:
            return {**(runtime or {"name": "javascript"}), "bundle": self.bundle}
        if runtime and "sdk" in runtime:
            return {**runtime, "flags": self.sdk_flags}
        return dict(runtime) if runtime else None
