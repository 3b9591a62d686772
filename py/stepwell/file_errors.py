"""Errors about files: which of them the user caused, and which are a fault of Stepwell."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_REFUSALS = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENAMETOOLONG,
        errno.ELOOP,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ENXIO,
        errno.EIO,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EILSEQ,
    }
)
"""Errors of the system about files that this user cannot use."""
_VARIABLES = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "STEPWELL_CACHE", "STEPWELL_NODE")
_OWN_FILES = Path(__file__).parent


def is_users(error: OSError, arguments: Iterable[str], variables: Mapping[str, str]) -> bool:
    """
    Whether the user can remove the cause of *error*, which names a file.

    It is so where the system refuses a file outside of this package. It is also so for a file that the user has
    named, for a folder that it is in, and for what is written beside it. A file that Stepwell took for granted is its
    own fault.

    Args:
        error: Has the name of a file.
        arguments: Those of the command line.
        variables: The environment. Those that say where files are count.
    """
    path = Path(os.path.abspath(os.fsdecode(error.filename)))  # noqa: PTH100 - without following links
    if path.is_relative_to(_OWN_FILES):
        return False
    if error.errno in _REFUSALS:
        return True
    named = _named_files(arguments, variables)
    return any(path == each or path in each.parents or _is_made_beside(path, each) for each in named)


def _is_made_beside(path: Path, named: Path) -> bool:
    return path.parent == named.parent and bool(named.name) and named.name in path.name


def _named_files(arguments: Iterable[str], variables: Mapping[str, str]) -> set[Path]:
    texts = {variables[name] for name in _VARIABLES if variables.get(name)}
    for argument in arguments:
        # `FILE`, `--option=FILE`, `FILE:CLASS`
        texts |= {argument, argument.partition("=")[2], argument.partition(":")[0]}
    return {Path(os.path.abspath(text)) for text in texts if text and "\0" not in text}  # noqa: PTH100 - likewise
