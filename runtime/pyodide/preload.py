"""Importing packages before a snapshot is made, and whether that can be done once for all interpreters."""

from __future__ import annotations

import gc
import os
import random
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

UNIQUE_WITHIN_A_PROCESS = frozenset({"opentelemetry.context"})
"""Modules whose random numbers only tell their own keys apart: they may be the same in every interpreter."""


def preload(folder: str, statements: list[str]) -> bool:
    """
    Run import *statements* that find packages in *folder*.

    What cannot be imported is left for whoever imports it later to be told of.

    Returns:
        Whether no package has drawn a random number: it would be the same in every interpreter.
    """
    drawn: list[str] = []

    def noting(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def draw(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the original takes
            if not _is_harmless():
                drawn.append(name)
            return original(*args, **kwargs)

        return draw

    seed = random.Random.seed

    def noting_seed(self: random.Random, a: Any = None, version: int = 2) -> None:  # noqa: ANN401 - as it is
        if a is None:
            drawn.append("seed")
        seed(self, a, version)

    urandom = os.urandom
    os.urandom = random._urandom = noting("urandom", urandom)  # type: ignore[attr-defined]  # noqa: SLF001
    random.Random.seed = noting_seed  # type: ignore[method-assign]
    sys.path.append(folder)
    try:
        for statement in statements:
            try:
                exec(statement, {"__name__": "__preload__"})  # noqa: S102 - the user's own imports
            except BaseException:  # noqa: BLE001, S112 - see above
                continue
    finally:
        sys.path.remove(folder)
        os.urandom = random._urandom = urandom  # type: ignore[attr-defined]  # noqa: SLF001
        random.Random.seed = seed  # type: ignore[method-assign]
    _close_archives()
    gc.collect()
    return not drawn


def _is_harmless() -> bool:
    """Whether a module of `UNIQUE_WITHIN_A_PROCESS` draws the number, by way of the standard library or not."""
    frame = sys._getframe(2)  # noqa: SLF001 - who calls the one that calls this
    while frame.f_back is not None and frame.f_globals.get("__name__") == "uuid":
        frame = frame.f_back
    return frame.f_globals.get("__name__") in UNIQUE_WITHIN_A_PROCESS


def _close_archives() -> None:
    """Close the standard library's archive, which `importlib.metadata` keeps open once it has looked for a version."""
    if "importlib.metadata" in sys.modules:
        sys.modules["importlib.metadata"].MetadataPathFinder.invalidate_caches()
