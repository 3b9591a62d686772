"""`stepwell state`: copies of a state, and its size; `stepwell cache`: what can be made again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.cache import cache_folder
from stepwell.exceptions import InputError, InternalError
from stepwell.host_connector import open_host
from stepwell.host_process import host_root
from stepwell.ledger_address import ledger_of
from stepwell.node import find_node, host_environment
from stepwell.options import PATH, STATE, json_option, print_json, state_option
from stepwell.state import DEFAULT, REMEDIES, make_folder, state_error, state_path

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1024 * 1024


@click.group(epilog=exit_codes.SHORT_HELP, short_help="Copy, restore or compact a state.")
def state() -> None:
    """Copy, restore or compact a state."""


@state.command()
@click.argument("file", type=PATH)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@state_option
def backup(*, file: Path, force: bool, state: Path | None) -> None:
    """Write a copy of the state to FILE, also while instances run."""
    target = file.absolute()
    if target.exists() and not force:
        raise InputError(f"{str(file)!r} exists. Give another name, or --force to replace it.")
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    path = state or DEFAULT
    try:
        if ledger_of(path) is not None:
            # As it is in the database at one moment, whichever engines run it.
            _copy(path, draft)
        else:
            with open_host(state_path(state, create=False), idle=True) as connection:
                connection.client.back_up(str(draft))
        draft.chmod(0o600)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    click.echo(f"Wrote a copy of the state to {str(file)!r} ({target.stat().st_size / MIB:,.1f} MiB).")
    objects = path.with_name(f"{path.name}.objects")
    if objects.is_dir():
        click.echo(f"Durable Objects are not in it. Copy {str(objects)!r} too, while nothing runs.", err=True)


@state.command(short_help="Replace the state by a backup.")
@click.argument("file", type=PATH)
@click.option("--force", is_flag=True, help="Replace the state if it exists.")
@state_option
def restore(*, file: Path, force: bool, state: Path | None) -> None:
    """Replace the state by FILE, which `state backup` has written. Stop the process that uses the state first."""
    path = (state or DEFAULT).absolute()
    if ledger_of(path) is not None:
        raise InputError(
            "A state in PostgreSQL is not replaced. Copy FILE to a new schema: stepwell state copy FILE postgres://…"
        )
    if not file.is_file():
        raise InputError(f"{str(file)!r} does not exist.")
    make_folder(path.parent, ignored=state is None)
    command = [str(find_node().path), str(host_root() / "js" / "server" / "restore.js"), "--state", str(path)]
    command += ["--from", str(file.absolute()), *(["--force"] if force else [])]
    done = subprocess.run(  # noqa: S603 - our own script
        command, capture_output=True, encoding="utf-8", errors="replace", env=host_environment(), check=False
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise InternalError(f"The state was not restored: {done.stderr}") from None
    match answer:
        case {"error": {"code": "state.exists"}}:
            raise InputError(f"The state {str(state or DEFAULT)!r} exists. Give --force to replace it.")
        case {"error": {"code": "state.owned", "message": str(message)}}:
            raise InputError(f"State file {message} {REMEDIES['state.owned']}")
        case {"error": {"code": "state.foreign"}}:
            raise InputError(f"{str(file)!r} is not a backup. Give a file that `stepwell state backup` has written.")
        case {"error": {"code": str(code), "message": str(message)}}:
            raise state_error(file, code, message.removesuffix("."))
    click.echo(f"Restored the state {str(state or DEFAULT)!r} from {str(file)!r}.")


@state.command()
@state_option
@json_option
def vacuum(*, state: Path | None, as_json: bool) -> None:
    """Return the space of deleted rows to the file system. No instance runs meanwhile."""
    with open_host(state_path(state, create=False), idle=True) as connection:
        sizes = connection.client.vacuum()
    if as_json:
        print_json(sizes)
    else:
        click.echo(f"The state has {sizes['after'] / MIB:,.1f} MiB; it had {sizes['before'] / MIB:,.1f} MiB.")


@state.command("copy")
@click.argument("source", metavar="FROM", type=STATE)
@click.argument("target", metavar="TO", type=STATE)
@json_option
def copy_(*, source: Path, target: Path, as_json: bool) -> None:
    """
    Copy the state FROM to TO: a file, or postgres://…, each of them.

    TO must not exist; a schema of PostgreSQL must have no state. A file may not be in use. A state in PostgreSQL may be
    in use: it is read as it is at one moment.
    """
    rows = _copy(source, target)
    if as_json:
        print_json({"rows": rows})
    else:
        click.echo(f"Copied {rows.get('instances', 0):,} instances with {rows.get('log', 0):,} log entries.")


def _copy(source: Path, target: Path) -> dict[str, int]:
    """
    Copy a state.

    Returns:
        How many rows each table has.
    """
    command = [str(find_node().path), str(host_root() / "js" / "server" / "copy_state.js")]
    environment = host_environment()
    for option, state in (("from", source), ("to", target)):
        if (address := ledger_of(state)) is not None:
            environment[f"STEPWELL_{option.upper()}"] = address
        else:
            command += [f"--{option}", str(state.absolute())]
    done = subprocess.run(  # noqa: S603 - our own script
        command, capture_output=True, encoding="utf-8", errors="replace", env=environment, check=False
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise InternalError(f"The state was not copied: {done.stderr}") from None
    match answer:
        case {"error": {"code": str(code), "message": str(message), "about": about}}:
            if code == "internal":
                raise InternalError(f"The state was not copied: {message}")
            raise state_error(source if about == "from" else target, code, message.removesuffix("."))
    rows: dict[str, int] = answer["rows"]
    return rows


@click.group(epilog=exit_codes.SHORT_HELP, short_help="Look at the cache, or empty it.")
def cache() -> None:
    """Look at the cache, or empty it: interpreters and sources that can be made again."""


@cache.command()
@json_option
def clean(*, as_json: bool) -> None:
    """Delete the cache. The next command that needs it makes it again, which takes some seconds."""
    folder = cache_folder()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(f"The cache {str(folder)!r} cannot be deleted: {error.strerror}.") from error
    if as_json:
        print_json({"folder": str(folder), "bytes": size})
    else:
        click.echo(f"Deleted {size / MIB:,.1f} MiB in {str(folder)!r}.")
