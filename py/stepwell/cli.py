"""The command `stepwell`. Each command is in a file of its own, imported when it is called."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from stepwell import __version__, exit_codes
from stepwell.exceptions import InputError, StepwellError
from stepwell.file_errors import is_users
from stepwell.lazy_group import LazyGroup
from stepwell.streams import OutputClosedError

if TYPE_CHECKING:
    from types import FrameType


@click.group(
    cls=LazyGroup,
    commands_at={
        "run": "stepwell.run:run",
        "init": "stepwell.init:init",
        "dev": "stepwell.dev:dev",
        "serve": "stepwell.serve:serve",
        "runs": "stepwell.runs:runs",
        "test": "stepwell.test_command:test",
        "workflows": "stepwell.workflows:workflows",
        "graph": "stepwell.graph:graph",
        "mcp": "stepwell.mcp.command:mcp",
        "top": "stepwell.top:top",
        "logs": "stepwell.logs:logs",
        "state": "stepwell.state_commands:state",
        "cache": "stepwell.state_commands:cache",
        "tokens": "stepwell.tokens:tokens",
        "audit": "stepwell.tokens:audit",
        "sync": "stepwell.packages.sync:sync",
        "build": "stepwell.packages.build:build",
        "bindings": "stepwell.bindings:bindings",
        "ui": "stepwell.ui:ui",
        "playground": "stepwell.playground:playground",
        "doctor": "stepwell.doctor:doctor",
        "conformance": "stepwell.conformance:conformance",
    },
    epilog=exit_codes.HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def stepwell() -> None:
    """Run durable Python Workflows: kill the process, run it again, and it continues where it stopped."""


@stepwell.command("help", short_help="Show the help of a command.")
@click.argument("command", nargs=-1)
@click.pass_context
def help_(context: click.Context, command: tuple[str, ...]) -> None:
    """Show the help of COMMAND, as `COMMAND --help` does."""
    assert context.parent is not None  # noqa: S101 - it is a command of the group
    stepwell.main([*command, "--help"], prog_name="stepwell", standalone_mode=False)


def main() -> NoReturn:
    """Run the command line, and turn whatever happens into an exit code and a sentence."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = stepwell(prog_name="stepwell", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        error.show()
        code = exit_codes.USAGE
    except (click.Abort, KeyboardInterrupt):
        code = exit_codes.INTERRUPTED
    except OutputClosedError:
        code = exit_codes.BROKEN_PIPE
    except StepwellError as error:
        exit_codes.leave(error)
    except Exception as error:  # noqa: BLE001 - the last resort
        exit_codes.leave(_explained(error))
    raise SystemExit(code or 0)


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End as with Ctrl-C. Process 1 of a container ignores the signal unless it has a handler."""
    raise KeyboardInterrupt


DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def _explained(error: Exception) -> Exception:
    """What *error* means for the user, if the user's surroundings cause it."""
    try:
        os.getcwd()  # noqa: PTH109 - Path.cwd() is the same
    except OSError:
        return InputError("The current folder does not exist any more. Change to another one.")
    if isinstance(error, OSError) and error.filename is not None and is_users(error, sys.argv[1:], os.environ):
        return InputError(f"{os.fsdecode(error.filename)!r} cannot be used: {error.strerror}.")
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return InputError(f"Standard output cannot be written: {error.strerror}. Free some space, or write elsewhere.")
    return error
