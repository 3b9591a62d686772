"""Debuggers: ``breakpoint()`` gets the terminal of the command in front, and nobody counts the time meanwhile."""

from __future__ import annotations

import contextlib
import os
import pdb  # noqa: T100 - it is what this is about
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TERMINAL = "/dev/tty"
_BUILT_IN = {"", "pdb.set_trace"}


def install(tell: Callable[[bool], None]) -> None:
    """
    Let ``breakpoint()`` use the terminal.

    PYTHONBREAKPOINT names another debugger, as it does everywhere.

    Args:
        tell: Told when the debugger has the terminal, and when it gives it back.
    """
    others = sys.breakpointhook

    def hook(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401 - as the debugger has it
        if os.environ.get("PYTHONBREAKPOINT", "") not in _BUILT_IN:
            with _held(tell):
                return others(*args, **kwargs)
        try:
            terminal = open(_TERMINAL), open(_TERMINAL, "w")  # noqa: PTH123, SIM115 - it stays open for later stops
        except OSError:
            sys.stderr.write("breakpoint() has no terminal here; the workflow continues.\n")
            return None
        _TerminalDebugger(tell, *terminal).set_trace(sys._getframe(1))  # noqa: SLF001 - as pdb itself does
        return None

    sys.breakpointhook = hook


@contextlib.contextmanager
def _held(tell: Callable[[bool], None]) -> Iterator[None]:
    tell(True)  # noqa: FBT003 - it is a switch
    try:
        yield
    finally:
        tell(False)  # noqa: FBT003


class _TerminalDebugger(pdb.Pdb):
    def __init__(self, tell: Callable[[bool], None], terminal_in: Any, terminal_out: Any) -> None:  # noqa: ANN401
        # Ctrl-C is the command's, in front of us.
        super().__init__(stdin=terminal_in, stdout=terminal_out, nosigint=True)
        self.prompt = "(Pdb) "
        self._tell = tell

    def interaction(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - it differs between Pythons
        """Stop here, with the terminal."""
        with _held(self._tell):
            super().interaction(*args, **kwargs)
