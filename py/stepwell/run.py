"""`stepwell run`: make an instance, or continue one, and stay with it to its end."""

from __future__ import annotations

import sys
import time
import uuid
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import ApiError, HostLostError, InputError
from stepwell.host_connector import HostConnector
from stepwell.host_process import HostSettings, owner_timeout
from stepwell.names import check_instance_id
from stepwell.options import PATH, STATE, STATE_HELP, environment_option, force_replay_option
from stepwell.owner_loss_timer import OwnerLossTimer
from stepwell.params import read_params, same_json
from stepwell.project_loader import load_project
from stepwell.run_request import RunRequest
from stepwell.runtimes import runtime_name, runtime_options
from stepwell.state import state_path
from stepwell.statuses import FINAL_STATUSES
from stepwell.target import find_target, no_workflow_class

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.client import Client
    from stepwell.follow import Follower
    from stepwell.host_connector import Connection
    from stepwell.progress import Progress
    from stepwell.project import Project
    from stepwell.responses import Deployed


@click.command(epilog=exit_codes.HELP, short_help="Run a workflow to its end.")
@click.argument("target")
@click.option("--workflow", metavar="CLASS", help="The workflow's class, where TARGET has several.")
@click.option("--params", metavar="JSON", help="What `event.payload` is. Default: {}.")
@click.option("--params-file", metavar="FILE", type=PATH, help="The same from a file; - is stdin.")
@click.option("--id", "instance_id", metavar="ID", help="The instance's id. One that exists is continued.")
@click.option("--state", metavar="PATH", type=STATE, help=STATE_HELP)
@environment_option
@runtime_options
@click.option("--json", "as_json", is_flag=True, help="Print the instance with its steps, not only its output.")
@force_replay_option
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
def run(  # noqa: PLR0913, PLR0917 - one for each option
    target: str,
    workflow: str | None,
    params: str | None,
    params_file: Path | None,
    instance_id: str | None,
    state: Path | None,
    environment: str | None,
    runtime: str | None,
    python: str | None,
    sdk: str | None,
    untrusted: bool,  # noqa: FBT001 - click passes them by name
    force_replay: bool,  # noqa: FBT001
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
    request = RunRequest(
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
        environment=environment,
        runtime=runtime,
        python=python,
        sdk=sdk,
        untrusted=untrusted,
        force_replay=force_replay,
    )
    raise SystemExit(RunCommand(request).execute())


class RunCommand:
    """One call of `stepwell run`."""

    def __init__(self, request: RunRequest) -> None:
        self._request = request
        self._connection: Connection | None = None
        self._created = False
        self._name = ""
        self._progress: Progress | None = None
        self._follower: Follower | None = None
        self._since = time.time() * 1000

    def execute(self) -> int:
        """
        Create or continue the instance, and follow it to its end.

        Returns:
            The exit code.
        """
        self._connector = self._new_connector()
        try:
            return self._run_to_end(self._prepare())
        except KeyboardInterrupt:
            return self._interrupted()
        finally:
            if self._progress is not None:
                self._progress.close()
            self._connector.close()

    def _new_connector(self) -> HostConnector:
        request = self._request
        settings = HostSettings(warm=request.likely_main(), force_replay=request.force_replay)
        return HostConnector(request.state, settings)

    def _prepare(self) -> Project:
        """Read the project while Node starts, and import what takes long."""
        import stepwell.follow  # noqa: PLC0415
        from stepwell.packages.require import require_packages_of  # noqa: PLC0415

        if self._is_live:
            import stepwell.live  # noqa: F401, PLC0415
        project = load_project(self._request.target, self._request.environment)
        for warning in project.warnings:
            click.echo(f"Warning: {warning}", err=True)
        require_packages_of(project, self._request.target, runtime_name(self._request.runtime_of(project)))
        return project

    def _run_to_end(self, project: Project) -> int:
        """Follow the instance from owner to owner."""
        losses = OwnerLossTimer()
        while True:
            try:
                with self._connector.connection() as connection:
                    self._connection = connection
                    self._begin(connection.client, project)
                    follower = self._follow(connection)
                    if follower.last is not None or not self._is_unfinished(connection.client):
                        return self._finish(connection.client, follower)
            except HostLostError as error:
                self._explain_loss(error, last_try=losses.record(time.monotonic()) > owner_timeout())
                self._connector = self._new_connector()

    def _follow(self, connection: Connection) -> Follower:
        """Show the instance's events until the stream ends."""
        from stepwell.follow import Follower  # noqa: PLC0415 - imported already by now

        if self._follower is None or self._progress is None:
            self._progress = self._open_progress()
            self._follower = Follower(self._name, self._request.instance_id, self._progress)
        if connection.process is not None:
            connection.process.on_debugger = self._progress.hold
        self._follower.follow(connection.client)
        return self._follower

    def _begin(self, client: Client, project: Project) -> None:
        """Create the instance unless it exists."""
        deployed = client.deploy(project.deployment(self._request.runtime_of(project)))
        self._name = self._choose(deployed)
        if self._created:
            # Under another owner: what is gone by now was removed, and is not made anew.
            self._is_unfinished(client)
            return
        try:
            self._create(client)
        except ApiError as error:
            if error.reason != "instance.already_exists":
                raise
            self._continue(client)
        self._created = True

    def _create(self, client: Client) -> None:
        client.create(self._name, self._request.instance_id, self._request.params)

    def _continue(self, client: Client) -> None:
        request = self._request
        found = client.status_of(self._name, request.instance_id)
        if request.has_params and not same_json(found.params, request.params):
            raise InputError(
                f"Instance {request.instance_id!r} of {self._name} exists with other params. "
                "Leave --params out to continue it, or choose another --id."
            )
        if found.status in {"paused", "waitingForPause"}:
            click.echo(f"Instance {request.instance_id!r} of {self._name} is {found.status}; it is resumed.", err=True)
            client.change_status(self._name, request.instance_id, {"status": "resume"})

    def _choose(self, deployed: Deployed) -> str:
        """The name of the workflow to run."""
        request = self._request
        workflows = deployed.workflows
        wanted = request.workflow or request.target.class_name
        found = ", ".join(workflow.class_name for workflow in workflows)
        if wanted is None:
            if len(workflows) == 1:
                return workflows[0].name
            raise InputError(
                f"TARGET {request.target.text!r} has {len(workflows)} workflows: {found}. "
                "Choose one with --workflow CLASS."
            )
        matching = [workflow.name for workflow in workflows if workflow.class_name == wanted]
        # Two workflows may share a class: then the name tells them apart.
        matching = [workflow.name for workflow in workflows if workflow.name == wanted] or matching
        if not matching:
            raise no_workflow_class(request.target, wanted, [each.class_name for each in workflows])
        if len(matching) > 1:
            names = ", ".join(matching)
            raise InputError(
                f"TARGET {request.target.text!r} has several workflows of class {wanted}. Choose one by name: {names}."
            )
        return matching[0]

    def _is_unfinished(self, client: Client) -> bool:
        """Whether the stream broke off; deleted instances count as finished."""
        try:
            return client.status_of(self._name, self._request.instance_id).status not in FINAL_STATUSES
        except ApiError as error:
            if error.reason == "instance.not_found":
                raise InputError(f"Instance {self._request.instance_id!r} was deleted while it ran.") from error
            raise

    def _finish(self, client: Client, follower: Follower) -> int:
        """Print the outcome."""
        request = self._request
        if self._progress is not None:
            self._progress.close()
            self._progress = None
        detail = client.raw_instance(self._name, request.instance_id) if request.as_json else None
        last = follower.last
        if last is None or last.type == "workflow_terminated":
            click.echo(f"Instance {request.instance_id!r} of {self._name} was terminated.", err=True)
        elif last.error is not None:
            if last.error.traceback:
                click.echo(f"\n{last.error.traceback.rstrip()}\n", err=True)
            click.echo(f"Instance {request.instance_id!r} of {self._name} errored: {last.error}", err=True)
        if request.as_json:
            print_json(detail)
        elif last is not None and last.type == "workflow_completed":
            print_json(last.output)
        return exit_codes.COMPLETE if last is not None and last.type == "workflow_completed" else exit_codes.ERRORED

    @property
    def _is_live(self) -> bool:
        return not self._request.quiet and sys.stderr.isatty()

    def _open_progress(self) -> Progress:
        from stepwell.progress import NoProgress, PlainProgress, Subject  # noqa: PLC0415

        request = self._request
        if request.quiet:
            return NoProgress()
        subject = Subject(self._name, request.instance_id, tuple(request.state_words()))
        if not self._is_live:
            return PlainProgress(sys.stderr, subject, self._since)
        from stepwell.console import open_console  # noqa: PLC0415 - only for a terminal
        from stepwell.live import LiveProgress  # noqa: PLC0415

        return LiveProgress(open_console(is_error=True), subject, self._since)

    def _explain_loss(self, error: HostLostError, *, last_try: bool) -> None:
        """Say what became of the host; go on only where another process had it."""
        process = self._connection.process if self._connection else None
        if process is None and not last_try:
            if self._progress is not None:
                self._progress.note("The process that ran the instance has ended; it continues here.")
            return
        why = (process.death() if process else None) or error
        if isinstance(why, HostLostError) and self._created:
            raise type(why)(
                f"{why} Nothing finished is lost; continue with: {self._request.continue_command()}", sent=True
            )
        raise why

    def _interrupted(self) -> int:
        if self._progress is not None:
            self._progress.close()
            self._progress = None
        connection = self._connection
        if not self._created:
            message = "Interrupted before the instance was made."
        elif connection is not None and connection.owner is not None:
            message = (
                f"The instance runs in {connection.owner}; follow it again with: {self._request.continue_command()}"
            )
        else:
            message = f"Interrupted; continue with: {self._request.continue_command()}"
        click.echo(message, err=True)
        return exit_codes.INTERRUPTED


def print_json(value: object) -> None:
    """Print *value* on stdout: for people on a terminal, on one line for programs."""
    from stepwell.formatting import to_json  # noqa: PLC0415

    click.echo(to_json(value, indent=2 if sys.stdout.isatty() else None))
