"""`stepwell ui`: a state or a run file in the browser, to look at."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import HostLostError, InputError
from stepwell.host_connector import open_host
from stepwell.listener import MAX_PORT
from stepwell.options import STATE
from stepwell.run_files import unpack
from stepwell.state import DEFAULT, state_path

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_PORT = 8791
RUN_FILE_NUMBER = b"StpR"
"""SQLite's header has this number of the application in a run file."""
NUMBER_AT = 68


@click.command(epilog=exit_codes.SHORT_HELP, short_help="Look at a state or a run file in a browser.")
@click.argument("file", metavar="[STATE|RUN_FILE]", type=STATE, required=False)
@click.option(
    "--port", type=click.IntRange(0, MAX_PORT), default=DEFAULT_PORT, show_default=True, help="Serve here; 0: any."
)
@click.option("--open", "opens", is_flag=True, help="Open it in the default browser.")
def ui(*, file: Path | None, port: int, opens: bool) -> None:
    """
    Show the dashboard of a state until Ctrl-C. Nothing can be changed there, and no instance runs by it.

    Where a process runs the state, its instances are seen live. Without an argument it is .stepwell/state.sqlite here.
    """
    with _state_of(file) as state, open_host(state, idle=True) as connection:
        stream = connection.client.show_dashboard(port)
        try:
            lines = stream.lines()
            url = json.loads(next(lines))["url"]
            click.echo(f"Dashboard: {url}  (read-only; Ctrl-C ends it)")
            if opens:
                click.launch(url)
            for _ in lines:
                pass
        finally:
            stream.close()
    raise HostLostError("The process that shows the dashboard has ended.", sent=False)


@contextlib.contextmanager
def _state_of(file: Path | None) -> Iterator[Path]:
    """The path of the state; of a run file, that of a state that holds its instance and is deleted afterwards."""
    if file is None or not _is_run_file(file):
        yield state_path(file or DEFAULT, create=False)
        return
    with tempfile.TemporaryDirectory(prefix="stepwell-ui-") as folder:
        state = Path(folder, "state.sqlite")
        unpack(file, state)
        yield state


def _is_run_file(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(NUMBER_AT + len(RUN_FILE_NUMBER))[NUMBER_AT:] == RUN_FILE_NUMBER
    except IsADirectoryError:
        raise InputError(f"{str(file)!r} is a folder. Give the path of a state or of a run file.") from None
    except FileNotFoundError:
        raise InputError(f"There is no file {str(file)!r}.") from None
    except OSError as error:
        raise InputError(f"{str(file)!r} cannot be read: {error.strerror}.") from error
