"""The command `stepwell`. Each command is in a file of its own, imported when it is called."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from stepwell import __version__, exit_codes
from stepwell.exceptions import StepwellError
from stepwell.lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    commands_at={
        "run": "stepwell.run:run",
        "serve": "stepwell.serve:serve",
        "runs": "stepwell.runs:runs",
        "workflows": "stepwell.workflows:workflows",
        "graph": "stepwell.graph:graph",
        "mcp": "stepwell.mcp.command:mcp",
        "tokens": "stepwell.tokens:tokens",
        "audit": "stepwell.tokens:audit",
        "sync": "stepwell.packages.sync:sync",
        "build": "stepwell.packages.build:build",
        "playground": "stepwell.playground:playground",
        "doctor": "stepwell.doctor:doctor",
        "conformance": "stepwell.conformance:conformance",
    },
    epilog=exit_codes.HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def stepwell() -> None:
    """Run durable Python Workflows: kill the process, run it again, and it goes on where it was."""


def main() -> NoReturn:
    """Run the command line, and turn whatever happens into an exit code and a sentence."""
    try:
        code = stepwell(prog_name="stepwell", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        error.show()
        code = exit_codes.USAGE
    except (click.Abort, KeyboardInterrupt):
        code = exit_codes.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone: nothing is left to say, not even by the interpreter's own flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = exit_codes.ERRORED
    except StepwellError as error:
        exit_codes.leave(error)
    except Exception as error:  # noqa: BLE001 - the last resort
        exit_codes.leave(error)
    raise SystemExit(code or 0)
