"""
Paths for the host, which is a JavaScript program: its texts are Unicode, and a path need not be.

A folder whose name is not UTF-8 gets a link with another name, sources get a copy, in a folder of this user alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from stepwell.exceptions import InputError

PRIVATE_MODE = 0o700


def utf8_folder(folder: Path) -> Path:
    """A path to *folder* that is UTF-8: *folder* itself, or by way of a link."""
    if _is_utf8(folder):
        return folder
    folder = folder.absolute()
    odd = next(part for part in (folder, *folder.parents) if not _is_utf8(Path(part.name)))
    link = _private_folder() / f"path-{_digest(odd)}"
    _put_link(link, odd)
    return link / folder.relative_to(odd)


def utf8_source(file: Path) -> Path:
    """
    A path to the source *file* that is UTF-8: *file* itself, or a copy of it and of the files beside it.

    Interpreters resolve links, so that a link is of no use to them.
    """
    if _is_utf8(file):
        return file
    folder = _private_folder() / f"copy-{_digest(file.parent)}"
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.copytree(file.parent, draft, ignore=_hidden, ignore_dangling_symlinks=True)
    shutil.copy(file, draft / _utf8_name(file))
    shutil.rmtree(folder, ignore_errors=True)
    draft.replace(folder)
    return folder / _utf8_name(file)


def _hidden(folder: str, names: list[str]) -> list[str]:
    """What is no source: hidden files, packages of npm, pipes and devices, and names that are not UTF-8."""
    left_out = {"node_modules", "__pycache__"}
    return [
        name
        for name in names
        if name.startswith(".")
        or name in left_out
        or not _is_utf8(Path(name))
        or not (Path(folder, name).is_file() or Path(folder, name).is_dir())
    ]


def _is_utf8(path: Path) -> bool:
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _put_link(link: Path, target: Path) -> None:
    with contextlib.suppress(OSError):
        if link.readlink() == target:
            return
    draft = link.with_name(f"{link.name}.{os.getpid()}")
    draft.symlink_to(target)
    draft.replace(link)


def _utf8_name(path: Path) -> str:
    return os.fsencode(path.name).decode(errors="replace").replace("\ufffd", "_")


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _private_folder() -> Path:
    folder = Path(tempfile.gettempdir(), f"stepwell-{os.geteuid()}")
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=PRIVATE_MODE)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise InputError(f"{str(folder)!r} is not a folder of this user alone. Remove it, or set TMPDIR.")
    return folder
