"""Watches the files of projects, and says when to reload: soon after a single save, once after many."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SOURCE_SUFFIXES = frozenset({".py", ".so", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json", ".wasm"})
"""What code imports, as the host reads it."""
CONFIG_NAMES = frozenset({"wrangler.json", "wrangler.jsonc", "wrangler.toml", "pyproject.toml"})
SECRET_PREFIXES = (".dev.vars", ".env")
QUIET_S = 0.3
"""Without a change for so long, the next one is taken at once, and those that are pending are taken together."""
LONGEST_WAIT_S = 2.0
"""How long changes that never stop are held back."""
STEP_MS = 5
TIMEOUT_MS = 50
"""How often the watcher looks whether it is to stop, or whether quiet has come."""
MAX_FOLDERS = 5000


class ReloadPacer:
    """
    Decides when changes are taken.

    A change after a quiet time is taken at once. Those that follow wait for quiet, so that a burst of saves gives two
    reloads, however long it is.
    """

    def __init__(self) -> None:
        self._last = float("-inf")
        self._pending_since: float | None = None

    def changed(self, now: float) -> bool:
        """Note a change at *now*, in seconds; whether it is to be taken at once."""
        quiet = now - self._last >= QUIET_S and self._pending_since is None
        self._last = now
        if not quiet and self._pending_since is None:
            self._pending_since = now
        return quiet

    def is_due(self, now: float) -> bool:
        """Whether what is pending is to be taken at *now*; it is not pending any more then."""
        since = self._pending_since
        if since is None or (now - self._last < QUIET_S and now - since < LONGEST_WAIT_S):
            return False
        self._pending_since = None
        self._last = now
        return True


def is_watched(path: Path) -> bool:
    """Whether a change of the file *path* may change what runs."""
    name = path.name
    return path.suffix in SOURCE_SUFFIXES or name in CONFIG_NAMES or name.startswith(SECRET_PREFIXES)


def is_of_state(path: Path, state: Path | None) -> bool:
    """Whether the file *path* belongs to *state*: its owner's address, say."""
    if state is None or not path.name.startswith(state.name):
        return False
    return path.parent.resolve() == state.parent.resolve()


def source_folders(root: Path) -> list[Path]:
    """*root* and the folders below it that code is imported from; the nearest first, and a bounded number."""
    found = [root]
    for folder in found:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if len(found) >= MAX_FOLDERS:
                return found
            if entry.is_dir(follow_symlinks=False) and is_source_folder(Path(entry.path)):
                found.append(Path(entry.path))
    return found


def is_source_folder(path: Path) -> bool:
    """Whether code is imported from the folder *path*: not what tools keep there, nor installed packages."""
    name = path.name
    if name.startswith(".") or name in {"node_modules", "__pycache__"} or "python_modules" in name:
        return False
    return not (path / "pyvenv.cfg").exists()


def _files_below(folder: Path) -> list[Path]:
    found = []
    for each in source_folders(folder):
        with contextlib.suppress(OSError):
            found += [path for path in each.iterdir() if path.is_file()]
    return found


class SourceWatcher:
    """
    Calls *on_change* in a thread of its own when files below *roots*, or in *folders*, have changed.

    Args:
        roots: Folders that are watched with the folders below them.
        folders: Folders that are watched alone.
        on_change: Takes the changed files.
        state: The path of the state, whose files are no sources, wherever it is.
    """

    def __init__(
        self,
        roots: Iterable[Path],
        folders: Iterable[Path],
        on_change: Callable[[set[Path]], None],
        *,
        state: Path | None = None,
    ) -> None:
        self._roots = list(roots)
        self._folders = list(folders)
        self._on_change = on_change
        self._state = state
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for the thread."""
        self._stop.set()

    def _run(self) -> None:
        from watchfiles import Change, watch  # noqa: PLC0415 - imported while Node starts

        pacer = ReloadPacer()
        pending: set[Path] = set()
        fresh: set[Path] = set()
        while not self._stop.is_set():
            wanted = [*(each for root in self._roots for each in source_folders(root)), *self._folders]
            watched = {folder for folder in wanted if folder.is_dir()}
            missing = set(wanted) - watched
            if not watched:
                self._stop.wait(TIMEOUT_MS / 1000)
                continue
            changes = watch(
                *watched,
                watch_filter=None,
                recursive=False,
                step=STEP_MS,
                debounce=TIMEOUT_MS,
                rust_timeout=TIMEOUT_MS,
                yield_on_timeout=True,
                stop_event=self._stop,
                raise_interrupt=False,
                ignore_permission_denied=True,
            )
            for batch in changes:
                paths = {Path(path) for _, path in batch}
                now = time.monotonic()
                # They are watched from here on: what was made in them before is found, and what comes is in a batch.
                paths |= {path for folder in fresh for path in _files_below(folder)}
                fresh = set()
                if files := {path for path in paths if is_watched(path) and not is_of_state(path, self._state)}:
                    pending |= files
                    take = pacer.changed(now)
                else:
                    take = False
                if pending and (take or pacer.is_due(now)):
                    taken, pending = pending, set()
                    self._on_change(taken)
                # A folder that was deleted and made again is another one, whatever its path.
                lost = {Path(path) for change, path in batch if change is Change.deleted} & watched
                new = {path for path in paths - watched if path.is_dir() and is_source_folder(path)}
                if lost or new or any(folder.is_dir() for folder in missing):
                    fresh = lost | new | missing
                    break
