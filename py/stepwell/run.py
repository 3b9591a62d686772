"""`stepwell run`: make an instance, or continue one, and stay with it to its end."""

from __future__ import annotations

import sys
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from stepwell import exits
from stepwell.exceptions import ApiError, HostLostError, InputError
from stepwell.host import Connection, Opening, patience
from stepwell.names import check_instance_id
from stepwell.options import PATH
from stepwell.params import read_params, same_json
from stepwell.project import Project, Target, find_target, load_project
from stepwell.runtimes import choose_runtime, likely_runtime, runtime_name, runtime_options
from stepwell.state import state_path
from stepwell.words import command

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.answers import Deployed
    from stepwell.client import Client
    from stepwell.follow import Follower
    from stepwell.progress import Progress
    from stepwell.runtimes import Runtime

STEADY = 2.0
"""Seconds after which an owner that goes away is not counted with those before."""


class Losses:
    """
    Owners that went away under us one after the other.

    As many do as there are commands whose instances end at the same moment, so it is not their number that says when to
    give up, but the time.
    """

    def __init__(self) -> None:
        self._first = self._latest = -STEADY

    def lasting(self, now: float) -> float:
        """
        Note one more.

        Returns:
            For how many seconds they have been going away, less than `STEADY` apart.
        """
        if now - self._latest >= STEADY:
            self._first = now
        self._latest = now
        return now - self._first


@dataclass(frozen=True, slots=True)
class Order:
    """What `stepwell run` was asked for."""

    target: Target
    workflow: str | None
    params: object
    has_params: bool
    given_id: str | None
    instance_id: str
    state: Path
    given_state: Path | None
    as_json: bool
    quiet: bool
    runtime: str | None = None
    python: str | None = None
    sdk: str | None = None

    def again(self) -> str:
        """The command that continues it."""
        words = ["stepwell", "run", self.target.text]
        if self.workflow is not None:
            words += ["--workflow", self.workflow]
        words += self.runtime_words()
        words += ["--id", self.instance_id]
        return command(*words, *self.state_words())

    def runtime_words(self) -> list[str]:
        """The options that name what runs it, where they were given."""
        options = {"--runtime": self.runtime, "--python": self.python, "--sdk": self.sdk}
        return [word for option, value in options.items() if value is not None for word in (option, value)]

    def state_words(self) -> list[str]:
        """The option that names the state, where it was needed."""
        return [] if self.given_state is None else ["--state", str(self.given_state)]


@click.command(epilog=exits.HELP, short_help="Run a workflow to its end.")
@click.argument("target")
@click.option("--workflow", metavar="CLASS", help="The workflow's class, where TARGET has several.")
@click.option("--params", metavar="JSON", help="What `event.payload` is. Default: {}.")
@click.option("--params-file", metavar="FILE", type=PATH, help="The same from a file; - is stdin.")
@click.option("--id", "instance_id", metavar="ID", help="The instance's id. One that exists is continued.")
@click.option("--state", metavar="PATH", type=PATH, help="The state. Default: .stepwell/state.sqlite.")
@runtime_options
@click.option("--json", "as_json", is_flag=True, help="Print the instance with its steps, not only its output.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
def run(  # noqa: PLR0913, PLR0917 - one for each option
    target: str,
    workflow: str | None,
    params: str | None,
    params_file: Path | None,
    instance_id: str | None,
    state: Path | None,
    runtime: str | None,
    python: str | None,
    sdk: str | None,
    as_json: bool,  # noqa: FBT001 - click passes them by name
    quiet: bool,  # noqa: FBT001
) -> None:
    """
    Run the workflow in TARGET to its end and print its output as JSON.

    TARGET is file.py, file.py:Class, or a folder whose wrangler.jsonc, wrangler.json or wrangler.toml names `main`,
    `workflows` and `vars`. What is finished is kept: after a crash or Ctrl-C, run it again with the same --id.
    """
    found = find_target(target)
    value = read_params(params, params_file)
    if instance_id is not None:
        check_instance_id(instance_id)
    if workflow and found.class_name and workflow != found.class_name:
        raise InputError(f"TARGET names the class {found.class_name}, --workflow names {workflow}; give one of them.")
    order = Order(
        target=found,
        workflow=workflow,
        params={} if value is None else value,
        has_params=params is not None or params_file is not None,
        given_id=instance_id,
        instance_id=instance_id or str(uuid.uuid4()),
        state=state_path(state, create=True),
        given_state=state,
        as_json=as_json,
        quiet=quiet,
        runtime=runtime,
        python=python,
        sdk=sdk,
    )
    raise SystemExit(Run(order).carry_out())


class Run:
    """One call of `stepwell run`."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._connection: Connection | None = None
        self._created = False
        self._name = ""
        self._progress: Progress | None = None
        self._since = time.time() * 1000

    def carry_out(self) -> int:
        """
        Do it.

        Returns:
            The exit code.
        """
        opening = self._open()
        try:
            return self._stay(opening)
        except KeyboardInterrupt:
            return self._interrupted()
        finally:
            if self._progress is not None:
                self._progress.close()
            opening.close()

    def _stay(self, opening: Opening) -> int:
        # Node is starting: now is the time for what takes long to import.
        from stepwell.follow import Follower  # noqa: PLC0415
        from stepwell.packages.require import require_packages_of  # noqa: PLC0415

        if self._is_live:
            import stepwell.live  # noqa: F401, PLC0415
        project = self._project()
        for warning in project.warnings:
            click.echo(f"Warning: {warning}", err=True)
        require_packages_of(project, self._order.target, runtime_name(self._runtime(project)))
        follower: Follower | None = None
        losses = Losses()
        while True:
            try:
                with opening.connection() as connection:
                    self._connection = connection
                    self._begin(connection.client, project)
                    if follower is None:
                        self._progress = self._open_progress()
                        if connection.process is not None:
                            connection.process.on_debugger = self._progress.hold
                        follower = Follower(self._name, self._order.instance_id, self._progress)
                    follower.follow(connection.client)
                    if follower.last is not None or not self._is_unfinished(connection.client):
                        return self._finish(connection.client, follower)
            except HostLostError as error:
                self._explain_loss(error, last_try=losses.lasting(time.monotonic()) > patience())
                opening = self._open()

    def _open(self) -> Opening:
        order = self._order
        warm = likely_runtime(order.target, order.runtime, order.python, order.sdk)
        return Opening(order.state, idle=False, warm=warm)

    def _runtime(self, project: Project) -> Runtime:
        return choose_runtime(project.main, self._order.runtime, self._order.python, self._order.sdk)

    def _project(self) -> Project:
        return load_project(self._order.target)

    def _begin(self, client: Client, project: Project) -> None:
        """Make the instance, unless it is there."""
        deployed = client.deploy(project.deployment(self._runtime(project)))
        self._name = self._choose(deployed)
        try:
            self._create(client)
        except ApiError as error:
            if error.reason != "instance.already_exists":
                raise
            self._continue(client)
        self._created = True

    def _create(self, client: Client) -> None:
        client.create(self._name, self._order.instance_id, self._order.params)

    def _continue(self, client: Client) -> None:
        order = self._order
        standing = client.standing(self._name, order.instance_id)
        if order.has_params and not same_json(standing.params, order.params):
            raise InputError(
                f"Instance {order.instance_id!r} of {self._name} exists with other params. "
                "Leave --params out to continue it, or choose another --id."
            )
        if standing.status in {"paused", "waitingForPause"} and not self._created:
            client.change_status(self._name, order.instance_id, {"status": "resume"})

    def _choose(self, deployed: Deployed) -> str:
        """The name of the workflow to run."""
        order = self._order
        workflows = deployed.workflows
        wanted = order.workflow or order.target.class_name
        found = ", ".join(workflow.class_name for workflow in workflows)
        if wanted is None:
            if len(workflows) == 1:
                return workflows[0].name
            raise InputError(
                f"{order.target.text} has {len(workflows)} workflows: {found}. Choose one with --workflow CLASS."
            )
        matching = [workflow.name for workflow in workflows if workflow.class_name == wanted]
        # Two workflows may share a class: then the name tells them apart.
        matching = [workflow.name for workflow in workflows if workflow.name == wanted] or matching
        if not matching:
            raise InputError(f"{order.target.text} has no workflow class {wanted}. Found: {found}.")
        if len(matching) > 1:
            names = ", ".join(matching)
            raise InputError(f"{order.target.text} has several workflows of class {wanted}. Choose by name: {names}.")
        return matching[0]

    def _is_unfinished(self, client: Client) -> bool:
        """Whether the stream broke off; deleted instances count as finished."""
        from stepwell.answers import FINITE  # noqa: PLC0415 - imported already by now

        try:
            return client.standing(self._name, self._order.instance_id).status not in FINITE
        except ApiError as error:
            if error.reason == "instance.not_found":
                raise InputError(f"Instance {self._order.instance_id!r} was deleted while it ran.") from error
            raise

    def _finish(self, client: Client, follower: Follower) -> int:
        """Print the outcome."""
        order = self._order
        if self._progress is not None:
            self._progress.close()
            self._progress = None
        detail = client.raw_instance(self._name, order.instance_id) if order.as_json else None
        last = follower.last
        if last is None or last.type == "workflow_terminated":
            click.echo(f"Instance {order.instance_id!r} of {self._name} was terminated.", err=True)
        elif last.error is not None:
            if last.error.traceback:
                click.echo(f"\n{last.error.traceback.rstrip()}\n", err=True)
            click.echo(f"Instance {order.instance_id!r} of {self._name} errored: {last.error}", err=True)
        if order.as_json:
            print_json(detail)
        elif last is not None and last.type == "workflow_completed":
            print_json(last.output)
        return exits.COMPLETE if last is not None and last.type == "workflow_completed" else exits.ERRORED

    @property
    def _is_live(self) -> bool:
        return not self._order.quiet and sys.stderr.isatty()

    def _open_progress(self) -> Progress:
        from stepwell.progress import NoProgress, PlainProgress, Subject  # noqa: PLC0415

        order = self._order
        if order.quiet:
            return NoProgress()
        subject = Subject(self._name, order.instance_id, tuple(order.state_words()))
        if not self._is_live:
            return PlainProgress(sys.stderr, subject, self._since)
        from rich.console import Console  # noqa: PLC0415 - only for a terminal

        from stepwell.live import LiveProgress  # noqa: PLC0415

        return LiveProgress(Console(stderr=True, highlight=False), subject, self._since)

    def _explain_loss(self, error: HostLostError, *, last_try: bool) -> None:
        """Say what became of the host; go on only where another process had it."""
        process = self._connection.process if self._connection else None
        if process is None and not last_try:
            if self._progress is not None:
                self._progress.note("The process that ran the instance has ended; it goes on here.")
            return
        why = (process.death() if process else None) or error
        if isinstance(why, HostLostError) and self._created:
            raise HostLostError(f"{why} Nothing finished is lost; continue with: {self._order.again()}", sent=True)
        raise why

    def _interrupted(self) -> int:
        if self._progress is not None:
            self._progress.close()
            self._progress = None
        connection = self._connection
        if not self._created:
            message = "Interrupted before the instance was made."
        elif connection is not None and connection.owner is not None:
            message = f"The instance goes on in {connection.owner}; follow it again with: {self._order.again()}"
        else:
            message = f"Interrupted; continue with: {self._order.again()}"
        click.echo(message, err=True)
        return exits.INTERRUPTED


def print_json(value: object) -> None:
    """Print *value* on stdout: for people on a terminal, on one line for programs."""
    from stepwell.words import to_json  # noqa: PLC0415

    click.echo(to_json(value, indent=2 if sys.stdout.isatty() else None))
