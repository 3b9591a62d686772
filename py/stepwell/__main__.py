"""The command `stepwell`, also as `python -m stepwell`."""

from __future__ import annotations

import gc

GC_THRESHOLD_OBJECTS = 50_000
"""
Objects after which Python looks for garbage. What a start makes stays: to look through it every 700 objects, as Python
does where nothing is said, took a twentieth of its processor time in `stepwell run`.
"""


def main() -> None:
    """Run the command line."""
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    try:
        from stepwell import cli, printable, streams  # noqa: PLC0415 - an interrupt during the imports is quiet too
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    streams.open_streams()
    printable.guard_standard_streams()
    try:
        cli.main()
    finally:
        # Python collects garbage once more before it exits, which takes 20 ms and is of no use to a process that ends.
        gc.freeze()
        _forget_interrupts()


def _forget_interrupts() -> None:
    """
    Let the exit code be what was decided.

    Where an interrupt falls into code that is executed from a string, as dataclasses are made at an import, `python -m`
    notes it as unhandled although it is handled, and kills itself with SIGINT at its end. The next such code undoes it.
    """
    exec("")  # noqa: S102


if __name__ == "__main__":
    main()
