"""The exit codes of the command, and how an error becomes one."""

from __future__ import annotations

import sys
from typing import NoReturn

from stepwell.exceptions import HostLostError, HostStoppedError, InputError, InternalError

COMPLETE = 0
ERRORED = 1
"""The instance errored or was terminated; or a command could only be carried out in part."""
USAGE = 2
"""The command line, the configuration, the user's code at import, or the state file."""
INTERNAL = 70
INTERRUPTED = 130
BROKEN_PIPE = 141
"""As a program that SIGPIPE ends: 128 and the number of the signal."""

SHORT_HELP = """\b
Exit codes:
  0    done
  1    something was found to be wrong
  2    usage or configuration
  70   a fault in Stepwell itself
  130  interrupted with Ctrl-C
"""
"""Of commands that run no instance."""
HELP = """\b
Exit codes:
  0    complete
  1    the instance errored or was terminated
  2    usage, configuration, code that does not load, or a state file that cannot be used
  70   a fault in Stepwell itself
  130  interrupted with Ctrl-C or SIGTERM; the instance can be continued
  141  the reader of standard output has gone
"""


def leave(error: Exception) -> NoReturn:
    """Report *error* on stderr, in full for the user's own faults, and exit with its code."""
    match error:
        case InputError():
            if error.traceback:
                sys.stderr.write(error.traceback.rstrip() + "\n\n")
            sys.stderr.write(f"Error: {error}\n")
            code = USAGE
        case HostStoppedError():
            sys.stderr.write(f"Error: {error}\n")
            code = INTERRUPTED
        case HostLostError():
            sys.stderr.write(f"Error: {error}\n")
            code = INTERNAL
        case _:
            report(error)
            code = INTERNAL
    sys.stderr.flush()
    raise SystemExit(code)


def report(error: Exception) -> None:
    """Ask for a report of *error*, with all that is needed for one."""
    import platform  # noqa: PLC0415 - not needed until something is wrong
    import traceback  # noqa: PLC0415

    from stepwell import __version__  # noqa: PLC0415

    if not isinstance(error, InternalError):
        sys.stderr.write("".join(traceback.format_exception(error)))
    sys.stderr.write(
        f"Internal error: {str(error) or type(error).__name__}\n"
        "This is a fault in Stepwell, not in your workflow; please report it with the lines above "
        f"(Stepwell {__version__}, Python {platform.python_version()}, {platform.platform()}).\n"
    )
