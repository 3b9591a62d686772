"""How long a session of noxfile.py may take."""

from __future__ import annotations

import functools
import signal
import time
from typing import TYPE_CHECKING, Concatenate, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    import nox

P = ParamSpec("P")
HARD_LIMIT = 5
"""A session that takes so many times its budget hangs: it is killed, and fails. Slow machines take less than that."""


def budget(minutes: float) -> Callable[[Callable[Concatenate[nox.Session, P], None]], Callable[..., None]]:
    """
    Give a session a budget of *minutes*, which is what it takes on two processors that are free.

    A session that has taken longer says so. After `HARD_LIMIT` times the budget it is killed. With arguments after `--`
    a session has no budget.
    """

    def decorate(run: Callable[Concatenate[nox.Session, P], None]) -> Callable[..., None]:
        @functools.wraps(run)
        def run_within(session: nox.Session, *args: P.args, **kwargs: P.kwargs) -> None:
            if session.posargs:
                run(session, *args, **kwargs)
                return
            began = time.monotonic()
            expired = False

            def expire(_signal: int, _frame: FrameType | None) -> None:
                nonlocal expired
                expired = True
                # Nox ends the command that runs, as it does when a person presses Ctrl-C.
                raise KeyboardInterrupt

            before = signal.signal(signal.SIGALRM, expire)
            signal.alarm(round(minutes * 60 * HARD_LIMIT))
            try:
                run(session, *args, **kwargs)
            except KeyboardInterrupt:
                if not expired:
                    raise
            finally:
                signal.alarm(0)
                signal.signal(signal.SIGALRM, before)
            taken = (time.monotonic() - began) / 60
            if expired:
                session.error(f"It was killed after {taken:.1f} minutes: {HARD_LIMIT} times its budget.")
            if taken > minutes:
                session.warn(f"It took {taken:.1f} minutes. Its budget is {minutes:g}.")

        return run_within

    return decorate
