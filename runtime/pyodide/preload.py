"""Importing packages before a snapshot is made, and whether that can be done once for all interpreters."""

from __future__ import annotations

import gc
import os
import random
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


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
    gc.collect()
    return not drawn
