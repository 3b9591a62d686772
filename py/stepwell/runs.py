"""`stepwell runs`: an instance as one file, to be looked at, replayed, forked and compared anywhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.instance_commands import STEP_TYPES
from stepwell.lazy_group import LazyGroup
from stepwell.options import PATH, json_option, print_json, state_option
from stepwell.server_options import ServerChoice, resolve_id

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.client import Client
    from stepwell.models import Comparison, Replayed, RunFile


@click.group(cls=LazyGroup, epilog=exit_codes.HELP, short_help="Export instances as files, and open them.")
def runs() -> None:
    """Export an instance as one file (history, code, parameters, versions), and look at such files."""


@runs.command("export", short_help="Write an instance to a run file.")
@click.argument("instance_id", metavar="ID|latest")
@click.argument("file", type=PATH)
@click.option("--workflow", metavar="NAME", help="The workflow, where several have an instance of that id.")
@click.option("--vars", "variables", flag_value="true", help="Write variables, and what has been printed, as they are.")
@click.option("--no-vars", "variables", flag_value="false", help="Leave the configuration's variables out.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@state_option
def export(  # noqa: PLR0913 - one for each option
    *, instance_id: str, file: Path, workflow: str | None, variables: str | None, force: bool, state: Path | None
) -> None:
    """
    Write the instance ID to FILE, which is usually called NAME.run.sqlite.

    The file holds everything that is known of the instance, also results of steps that are marked as sensitive. The
    texts of variables and secrets are replaced by their names, unless --vars asks for them.
    """
    if file.exists() and not force:
        raise InputError(f"{str(file)!r} exists. Give another name, or --force to replace it.")
    with ServerChoice(state).connect() as connection:
        name, found = find_instance(connection.client, workflow, instance_id)
        data = connection.client.export(name, found, variables=variables)
        steps = connection.client.instance(name, found).steps
    write_file(file, data)
    click.echo(f"📦 Wrote instance {found!r} of {name} to {file} ({len(data):,} bytes).", err=True)
    if hidden := [step.name for step in steps if step.type == "step" and step.config.get("sensitive")]:
        click.echo(f"Warning: it holds the sensitive results of {', '.join(hidden)}.", err=True)


def find_instance(client: Client, workflow: str | None, instance_id: str) -> tuple[str, str]:
    """
    The workflow and the id that are meant.

    Raises:
        InputError: The run is missing, or there are several.
    """
    names = [workflow] if workflow is not None else [each.name for each in client.workflows()]
    if workflow is None and len(names) > 1:
        from stepwell.exceptions import ApiError  # noqa: PLC0415 - beside its only use

        having = []
        for name in names:
            try:
                client.instance(name, resolve_id(client, name, instance_id))
            except (ApiError, InputError):
                continue
            having.append(name)
        if len(having) > 1:
            raise InputError(
                f"Several workflows have an instance {instance_id!r}: {', '.join(having)}. Use --workflow."
            )
        if not having:
            raise InputError(f"No workflow of this state has an instance {instance_id!r}.")
        names = having
    if not names:
        raise InputError("There are no workflows in this state yet.")
    return names[0], resolve_id(client, names[0], instance_id)


def write_file(path: Path, data: bytes) -> None:
    """
    Write *data* to *path*, all of it or nothing.

    Raises:
        InputError: It cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"{str(path)!r} cannot be written: {error.strerror}.") from error


@runs.command("open", short_help="Describe, replay, fork or compare a run file.")
@click.argument("file", type=PATH)
@click.option("--replay", is_flag=True, help="Run its code against its history. No step runs again.")
@click.option("--compare", metavar="OTHER", type=PATH, help="Show in what it differs from another file.")
@click.option("--fork", metavar="STEP", help="Run on from this step (NAME or NAME-COUNT) as a new instance.")
@click.option("--type", "step_type", type=click.Choice(STEP_TYPES), help="With --fork: the step's type.")
@click.option("--result", metavar="JSON", help="With --fork: what the step gave. It does not run again then.")
@click.option("--params", metavar="JSON", help="With --fork: other parameters.")
@click.option("--id", "instance_id", metavar="ID", help="With --fork: the new instance's id.")
@click.option("--code", metavar="TARGET", help="With --replay and --fork: other code than the file's.")
@click.option(
    "--trusted",
    is_flag=True,
    help="With --replay and --fork: run the file's code with your rights, not in the sandbox.",
)
@click.option("--quiet", "-q", is_flag=True, help="With --fork: show no progress.")
@state_option
@json_option
def open_(  # noqa: PLR0913 - one for each option
    *,
    file: Path,
    replay: bool,
    compare: Path | None,
    fork: str | None,
    step_type: str | None,
    result: str | None,
    params: str | None,
    instance_id: str | None,
    code: str | None,
    trusted: bool,
    quiet: bool,
    state: Path | None,
    as_json: bool,
) -> None:
    """
    Look at a run file: describe it, replay it, fork it, or compare it with another one. FILE is never changed.

    --replay and --fork run the code that FILE holds, others run nothing of it. That code runs in the sandbox
    (--runtime wasmtime), unless you trust it.

    --replay and --compare exit with 1 where something differs. --fork makes an instance in the state and runs it to its
    end, as `stepwell run` does.
    """
    if sum((replay, compare is not None, fork is not None)) > 1:
        raise InputError("Give one of --replay, --compare and --fork.")
    if fork is None:
        only = {"--type": step_type, "--result": result, "--params": params, "--id": instance_id}
        if given := [name for name, value in only.items() if value is not None]:
            raise InputError(f"{given[0]} needs --fork STEP.")
        if code is not None and not replay:
            raise InputError("--code needs --replay or --fork STEP.")
    if trusted and (code is not None or not (replay or fork)):
        raise InputError("--trusted is about the code of FILE: it needs --replay or --fork STEP, without --code.")
    from stepwell import run_files  # noqa: PLC0415 - its models take a moment

    if replay:
        replayed = _replay(file, code, trusted=trusted)
        _show(replayed, replayed_lines(replayed), same=replayed.same, as_json=as_json)
    elif compare is not None:
        comparison = run_files.compare(file, compare)
        _show_comparison(comparison, as_json=as_json)
    elif fork is not None:
        from stepwell.fork import ForkRequest, run_fork  # noqa: PLC0415

        raise SystemExit(
            run_fork(
                ForkRequest(file, fork, step_type, result, params, instance_id, code, trusted),
                state=state,
                as_json=as_json,
                quiet=quiet,
            )
        )
    else:
        _describe(run_files.describe(file), as_json=as_json)


def _replay(file: Path, code: str | None, *, trusted: bool) -> Replayed:
    from stepwell import run_files  # noqa: PLC0415 - as above
    from stepwell.project_loader import load_project  # noqa: PLC0415
    from stepwell.runtimes import choose_runtime  # noqa: PLC0415
    from stepwell.target import find_target  # noqa: PLC0415

    if code is not None:
        main = load_project(find_target(code)).main
        return run_files.replay(file, choose_runtime(main), main)
    runtime = run_files.runtime_of(file, run_files.describe(file).main, trusted=trusted)
    return run_files.replay(file, runtime, None)


def _describe(run: RunFile, *, as_json: bool) -> None:
    if as_json:
        print_json(run.model_dump(mode="json"))
        return
    from stepwell.description import print_instance  # noqa: PLC0415 - rich takes its time
    from stepwell.formatting import moment  # noqa: PLC0415
    from stepwell.tables import print_pairs  # noqa: PLC0415

    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    print_pairs([("Exported", moment(run.exported_on)), ("By", versions), ("Code", ", ".join(run.sources))])
    click.echo()
    print_instance(run.workflow, run.id, run.detail, output_limit=5000)


def replayed_lines(replayed: Replayed) -> list[str]:
    """What came of a replay, for people."""
    ends = {
        "complete": "It ends with an output.",
        "errored": f"It ends with {replayed.error}.",
        "stopped": "It goes as far as the recording does, and stops there.",
    }
    lines = ["✅ The code does what was recorded." if replayed.same else "❌ The code does not do what was recorded."]
    lines.append(f"{ends[replayed.status]} Steps called: {len(replayed.called)}.")
    if replayed.unrecorded:
        lines.append(f"Steps that were not recorded: {', '.join(replayed.unrecorded)}")
    if replayed.uncalled:
        lines.append(f"Recorded steps that are not called: {', '.join(replayed.uncalled)}")
    return lines


def _show(model: Replayed, lines: list[str], *, same: bool, as_json: bool) -> None:
    if as_json:
        print_json(model.model_dump(mode="json"))
    else:
        for line in lines:
            click.echo(line)
    if not same:
        raise SystemExit(exit_codes.ERRORED)


def _show_comparison(comparison: Comparison, *, as_json: bool) -> None:
    if as_json:
        print_json(comparison.model_dump(mode="json"))
    else:
        from stepwell.tables import print_table  # noqa: PLC0415 - rich takes its time

        rows = [
            [row.step, "same" if row.same else ", ".join(row.differs), result_of(row.left), result_of(row.right)]
            for row in comparison.rows
        ]
        print_table(["Step", "Differs in", "First", "Second"], rows)
        click.echo("They are the same." if comparison.same else f"The instances differ in: {_differences(comparison)}.")
    if not comparison.same:
        raise SystemExit(exit_codes.ERRORED)


def _differences(comparison: Comparison) -> str:
    steps = [row.step for row in comparison.rows if not row.same]
    return ", ".join([*comparison.differs, *([f"{len(steps)} steps"] if steps else [])])


def result_of(step: object) -> str:
    """What a step has given, in a few characters."""
    from stepwell.formatting import shortened, to_json  # noqa: PLC0415
    from stepwell.models import DoStep, WaitStep  # noqa: PLC0415

    if not isinstance(step, DoStep | WaitStep):
        return "" if step is None else "-"
    if isinstance(step, DoStep) and step.success is False:
        return str(step.attempts[-1].error) if step.attempts else "failed"
    return shortened(to_json(step.output), 60)
