"""Seeds: the one case of an exploration that a failure has named."""

from __future__ import annotations

import re

from stepwell.testing.current import current
from stepwell.testing.errors import TestKitError

_PATTERNS = {"crash": r"crash:[1-9]\d*(\+[1-9]\d*)*", "order": r"order:\d+(\.\d+)*"}
_EXAMPLES = {"crash": "crash:9 or crash:9+3", "order": "order:0.2"}


def chosen_seed(kind: str, seed: str | None) -> tuple[int, ...] | None:
    """
    The numbers of the one case that is to run; None: all cases.

    They are empty where the command line has the seed of another exploration.

    Args:
        kind: What explores: ``crash`` or ``order``.
        seed: As the test gives it; None: that of the command line, if any.

    Raises:
        TestKitError: It is not a seed.
    """
    text = seed or current.seed
    if text is None:
        return None
    if re.fullmatch(_PATTERNS[kind], text):
        return tuple(map(int, re.findall(r"\d+", text)))
    if seed is None and any(re.fullmatch(pattern, text) for pattern in _PATTERNS.values()):
        return ()
    raise TestKitError(f"{text!r} is not a seed. Give one as a failure has named it, such as {_EXAMPLES[kind]}.")
