"""`stepwell test`: replays stored runs with today's code, or runs tests in JavaScript."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.options import json_option, print_json

if TYPE_CHECKING:
    from stepwell.testing.replays import Divergence, ReplayedRun

_FORMATS = ("text", "github")


def _print_npm_package(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's order
    if not value:
        return
    from stepwell.host_process import host_root  # noqa: PLC0415 - this option alone needs it

    click.echo(host_root())
    context.exit()


@click.command("test", epilog=exit_codes.SHORT_HELP, short_help="Replay stored runs, or run tests of node:test.")
@click.option(
    "--replay", "patterns", metavar="FILE", multiple=True, help="A run file, or a pattern that names several."
)
@click.argument("more", metavar="[FILE]...", nargs=-1)
@click.option(
    "--npm-package",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_npm_package,
    help="Print the folder of the npm package `stepwell`, for `npm install --save-dev`.",
)
@click.option(
    "--target", metavar="TARGET", default=".", show_default=True, help="The code: a file, or a project's folder."
)
@click.option("--runtime", metavar="NAME", help="What runs it, as `stepwell run` takes it.")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="github annotates files and lines. Default: text.")
@json_option
def test(  # noqa: PLR0913 - one for each option
    *,
    patterns: tuple[str, ...],
    more: tuple[str, ...],
    target: str,
    runtime: str | None,
    form: str | None,
    as_json: bool,
) -> None:
    """
    Replay stored runs, or run tests.

    With --replay: say which stored runs the code breaks, and where. Each is replayed against its history. No step runs
    again. Run files are made by `stepwell runs export`. Code of the file is not run; the code of TARGET is.

    Without --replay: run files of node:test for the project TARGET. They import `cloudflare:test` and
    `stepwell/testing`.
    """
    if not patterns and more:
        from stepwell.testing.node_tests import run_node_tests  # noqa: PLC0415 - tests alone need it

        raise SystemExit(run_node_tests(more, target))
    if not patterns:
        raise InputError(
            "Give run files: stepwell test --replay 'runs/*.run.sqlite'. "
            "Or give tests: stepwell test tests/flow.test.js."
        )
    from stepwell.testing.errors import TestKitError  # noqa: PLC0415 - the test kit takes a moment
    from stepwell.testing.host_link import HostLink  # noqa: PLC0415
    from stepwell.testing.replays import replay_files  # noqa: PLC0415
    from stepwell.testing.workflows import Workflows  # noqa: PLC0415

    try:
        with Workflows(target, runtime=runtime) as workflows:
            replays = replay_files(workflows.worker(), (*patterns, *more))
    except TestKitError as error:
        raise InputError(str(error)) from None
    finally:
        HostLink.close_current()
    form = form or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")
    if as_json:
        print_json([_to_json(each) for each in replays])
    else:
        _print(replays, form)
    raise SystemExit(exit_codes.COMPLETE if all(each.same for each in replays) else exit_codes.ERRORED)


def _print(replays: list[ReplayedRun], form: str) -> None:
    broken = [each for each in replays if not each.same]
    for each in broken:
        if form == "github":
            for divergence in each.divergences:
                click.echo(_annotation(each, divergence))
        else:
            click.echo(str(each))
    click.echo(f"{len(replays) - len(broken)} of {len(replays)} runs are replayed as they ran.")


def _annotation(run: ReplayedRun, divergence: Divergence) -> str:
    """A line that GitHub shows beside the line of the file."""
    place = "" if divergence.file is None else f" file={_relative(divergence.file)},line={divergence.line}"
    path = _relative(Path(run.path)) if run.path else run.id
    text = f"{path}: {divergence.text}".replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::error{place}::{text}"


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()))
    except ValueError:
        return str(path)


def _to_json(run: ReplayedRun) -> dict[str, object]:
    return {
        "file": run.path,
        "workflow": run.workflow,
        "id": run.id,
        "same": run.same,
        "divergences": [
            {"text": each.text, "file": None if each.file is None else str(each.file), "line": each.line}
            for each in run.divergences
        ],
    }
