"""`stepwell workflows instances …`: what is done to one instance, or to all of a workflow."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import ApiError, InputError
from stepwell.formatting import plain, to_json
from stepwell.names import check_event_type
from stepwell.options import print_json
from stepwell.params import params_of
from stepwell.server_options import ServerChoice, resolve_id, server_options
from stepwell.suggestions import did_you_mean
from stepwell.workflows import say_when_it_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.client import Client

STEP_TYPES = ["do", "sleep", "waitForEvent"]
ENDABLE = ["queued", "running", "paused", "waitingForPause", "waiting"]


@click.command(short_help="Print the whole output of a step, as JSON.")
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@click.argument("step_name", metavar="STEP")
@click.option("--type", "step_type", type=click.Choice(["step", "waitForEvent"]), default="step", show_default=True)
@click.option("--attempt", type=click.IntRange(1), help="Of this attempt, instead of the last one.")
@server_options
def step(  # noqa: PLR0913 - one for each option
    *,
    name: str,
    instance_id: str,
    step_name: str,
    step_type: str,
    attempt: int | None,
    server: ServerChoice,
    as_json: bool,
) -> None:
    """
    Print the whole output of STEP, as JSON; a byte stream as its bytes.

    STEP is a step's name, with -COUNT from the second one of that name on.
    """
    with server.connect(name, instance_id) as connection:
        client = connection.client
        instance_id = resolve_id(client, name, instance_id)
        try:
            found = client.step(name, instance_id, name=step_name, type=step_type, attempt=attempt)
        except ApiError as error:
            if error.reason != "step.not_found":
                raise
            raise InputError(f"{error}{_step_hint(client, name, instance_id, step_name)}") from error
    if isinstance(found, bytes):
        sys.stdout.buffer.write(found)
    elif as_json:
        print_json(found)
    elif found["error"] is not None:
        click.echo(f"Step {step_name!r} is {found['status']}: {found['error']['message']}", err=True)
        raise SystemExit(exit_codes.ERRORED)
    elif found["status"] != "complete":
        click.echo(f"Step {step_name!r} is {found['status']}: it has no output yet.", err=True)
    else:
        click.echo(to_json(found["output"], indent=2))


def _step_hint(client: Client, name: str, instance_id: str, step_name: str) -> str:
    steps = client.raw_instance(name, instance_id)["steps"]
    return did_you_mean(step_name, [each["name"] for each in steps if "name" in each])


PAUSED = frozenset({"paused", "waitingForPause"})
HAS_EFFECT: dict[str, Callable[[str, str], bool]] = {
    "pause": lambda _before, after: after in PAUSED,
    "resume": lambda before, _after: before in PAUSED,
}
"""Whether a change of status has had an effect, by the statuses before and after it. Others are refused if not."""
NOTHING_LEFT = frozenset({"instance.cannot_pause", "instance.cannot_resume"})
"""Why an instance that has ended is not changed."""


def change(server: ServerChoice, name: str, instance_id: str, request: dict[str, object], *, as_json: bool) -> None:
    """Ask for a change of status, and say what came of it; exit 1 if it has no effect."""
    verb = str(request["status"])
    with server.connect(name, instance_id) as connection:
        instance_id = resolve_id(connection.client, name, instance_id)
        before = connection.client.status_of(name, instance_id).status
        try:
            changed = connection.client.change_status(name, instance_id, request)
        except ApiError as error:
            if error.reason not in NOTHING_LEFT:
                raise
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(exit_codes.ERRORED) from error
        runs = connection.runs
    check = HAS_EFFECT.get(verb)
    has_effect = check is None or check(before, changed.status)
    if as_json:
        print_json({"id": instance_id, **changed.model_dump(mode="json")})
    elif has_effect:
        done = f"{DONE[verb]} of instance {instance_id!r} of {name} asked for; it is now {changed.status}."
        click.echo(plain(done))
    if not has_effect:
        click.echo(f"Error: {verb} has no effect: instance {instance_id!r} of {name} is {changed.status}.", err=True)
        raise SystemExit(exit_codes.ERRORED)
    if changed.status == "queued" and not runs and not as_json:
        say_when_it_runs()


DONE = {"pause": "⏸️ Pause", "resume": "▶ Resume", "terminate": "🚫 Termination", "restart": "🔄 Restart"}


@click.command()
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@server_options
def pause(*, name: str, instance_id: str, server: ServerChoice, as_json: bool) -> None:
    """Pause an instance once its running steps have ended."""
    change(server, name, instance_id, {"status": "pause"}, as_json=as_json)


@click.command()
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@server_options
def resume(*, name: str, instance_id: str, server: ServerChoice, as_json: bool) -> None:
    """Let a paused instance continue."""
    change(server, name, instance_id, {"status": "resume"}, as_json=as_json)


@click.command()
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@click.option("--rollback", is_flag=True, help="Run the rollbacks of its steps first.")
@server_options
def terminate(*, name: str, instance_id: str, rollback: bool, server: ServerChoice, as_json: bool) -> None:
    """End an instance for good."""
    request: dict[str, object] = {"status": "terminate"}
    if rollback:
        request["rollback"] = True
    change(server, name, instance_id, request, as_json=as_json)


@click.command("terminate-all", short_help="End all unfinished instances of a workflow.")
@click.argument("name")
@click.option("--status", type=click.Choice(ENDABLE), help="Only those with this status.")
@server_options
def terminate_all(*, name: str, status: str | None, server: ServerChoice, as_json: bool) -> None:
    """End all unfinished instances of the workflow NAME, in the background."""
    with server.connect(name) as connection:
        answer = connection.client.terminate_all(name, status)
        if not connection.runs:
            connection.client.wait_for_bulk_jobs()
    if as_json:
        print_json(answer)
        return
    which = f" with status {status!r}" if status else ""
    word = "have begun to end" if answer["status"] == "ok" else "are being ended already"
    click.echo(plain(f"🚫 The unfinished instances of {name}{which} {word}."))


@click.command()
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@click.option("--from-step-name", metavar="STEP", help="Keep what was done before this step.")
@click.option("--from-step-count", type=click.IntRange(1), help="Which of the steps of that name. Default: 1.")
@click.option("--from-step-type", type=click.Choice(STEP_TYPES), help="Its type. Default: do.")
@click.option("--force", is_flag=True, help="Cut running attempts of other branches, instead of waiting for them.")
@server_options
def restart(  # noqa: PLR0913 - one for each option
    *,
    name: str,
    instance_id: str,
    from_step_name: str | None,
    from_step_count: int | None,
    from_step_type: str | None,
    force: bool,
    server: ServerChoice,
    as_json: bool,
) -> None:
    """Run an instance again, from its beginning or from a step. What is done again loses its history."""
    request: dict[str, object] = {"status": "restart"}
    if from_step_name is not None:
        step = {"name": from_step_name, "count": from_step_count, "type": from_step_type}
        request["from"] = {key: value for key, value in step.items() if value is not None}
    elif from_step_count is not None or from_step_type is not None:
        raise InputError("--from-step-count and --from-step-type need --from-step-name.")
    if force:
        request["force"] = True
    change(server, name, instance_id, request, as_json=as_json)


@click.command("skip-sleep")
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@click.option("--step", "step_name", metavar="NAME-COUNT", help="Only this one. Default: all that the instance has.")
@server_options
def skip_sleep(*, name: str, instance_id: str, step_name: str | None, server: ServerChoice, as_json: bool) -> None:
    """End a sleep, or the delay before a retry, now."""
    with server.connect(name, instance_id) as connection:
        instance_id = resolve_id(connection.client, name, instance_id)
        changed = connection.client.skip_sleep(name, instance_id, step_name)
        runs = connection.runs
    if as_json:
        print_json({"id": instance_id, **changed.model_dump(mode="json")})
        return
    ended = step_name or "all sleeps and retry delays"
    click.echo(plain(f"⏩ Ended {ended} of instance {instance_id!r} of {name}."))
    if not runs:
        say_when_it_runs()


@click.command("send-event")
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@click.option("--type", "event_type", metavar="TYPE", required=True, help="The event's type.")
@click.option("--payload", metavar="JSON", help="The event's payload. Default: {}.")
@click.option(
    "--param",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    help="A member of the payload; repeatable. VALUE is JSON, or else text.",
)
@server_options
def send_event(  # noqa: PLR0913 - one for each option
    *,
    name: str,
    instance_id: str,
    event_type: str,
    payload: str | None,
    pairs: tuple[str, ...],
    server: ServerChoice,
    as_json: bool,
) -> None:
    """Send an event to an instance. One that is not waited for yet is kept for it."""
    check_event_type(event_type)
    value = params_of(payload, pairs, "--payload")
    with server.connect(name, instance_id) as connection:
        client = connection.client
        instance_id = resolve_id(client, name, instance_id)
        awaited = awaited_events(client, name, instance_id)
        sent = client.send_event(name, instance_id, event_type, value)
    if awaited and event_type not in awaited:
        others = ", ".join(map(repr, awaited))
        hint = did_you_mean(event_type, awaited)
        click.echo(f"Warning: instance {instance_id!r} waits for {others}, not for {event_type!r}.{hint}", err=True)
    if as_json:
        print_json(sent.model_dump(mode="json"))
    else:
        click.echo(plain(f"📩 Sent event {event_type!r} to instance {instance_id!r} of {name}."))


def awaited_events(client: Client, name: str, instance_id: str) -> list[str]:
    """The types of the events that the instance waits for now."""
    steps = client.raw_instance(name, instance_id)["steps"]
    waits = [each for each in steps if each["type"] == "waitForEvent" and not each["finished"]]
    return list(dict.fromkeys(each["event_type"] for each in waits if each.get("event_type")))
