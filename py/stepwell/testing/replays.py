"""Replays: an instance that has ended is run again against its history, and has to come to the same end."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.testing.codec import decode
from stepwell.testing.errors import TestKitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stepwell.testing.worker import Worker

_SOURCES = (".py", ".js", ".mjs", ".ts", ".mts")


class ReplayError(TestKitError):
    """An instance that is not replayed as it ran."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """
    A difference between a run and its replay.

    Attributes:
        text: What differs, with both values.
        file: The file in which the step is named, if it was found.
        line: The line there.
    """

    text: str
    file: Path | None = None
    line: int | None = None

    def __str__(self) -> str:
        return self.text if self.file is None else f"{self.text} ({self.file}:{self.line})"


@dataclass(frozen=True, slots=True)
class ReplayedRun:
    """
    A replay beside the run that it repeats.

    Attributes:
        workflow: The name of the workflow.
        id: The id of the instance.
        path: The run file, where it comes from one.
        divergences: In what they differ; empty where they are the same.
    """

    workflow: str
    id: str
    path: str | None
    divergences: list[Divergence]

    @property
    def same(self) -> bool:
        """Whether it is replayed as it ran."""
        return not self.divergences

    def __str__(self) -> str:
        where = "" if self.path is None else f"{self.path}: "
        head = f"{where}instance {self.id!r} of workflow {self.workflow!r} is not replayed as it ran:"
        return "\n".join([head, *(f"  {each}" for each in self.divergences)])


def read_replays(found: Iterable[dict[str, Any]], root: Path | None) -> list[ReplayedRun]:
    """What the host says of replays; *root* is the folder whose sources name the steps."""
    return [
        ReplayedRun(each["workflow"], each["id"], each.get("path"), list(_divergences(each, root))) for each in found
    ]


def _divergences(found: dict[str, Any], root: Path | None) -> Iterable[Divergence]:
    if found["same"]:
        return
    if found["problem"] is not None:
        yield Divergence(found["problem"])
        return
    recorded, replayed = found["recorded"], found["replayed"]
    for step in found["unrecorded"]:
        yield Divergence(f"step {step!r} is called, and the history does not have it", *locate_step(step, root))
    for step in found["uncalled"]:
        attempts = found["attempts"].get(step)
        which = f" (attempt {attempts})" if attempts else ""
        yield Divergence(f"step {step!r}{which} is in the history, and is not called", *locate_step(step, root))
    if replayed["status"] == "stopped":
        return
    before, after = _end(recorded), _end(replayed)
    if before != after:
        yield Divergence(f"it ends with {after}, and ended with {before}")


def _end(found: dict[str, Any]) -> str:
    if error := found["error"]:
        return f"{error['name']}: {error['message']}"
    return "no output" if found["output"] is None else repr(decode(found["output"]))


def locate_step(step: str, root: Path | None) -> tuple[Path | None, int | None]:
    """The file and the line under *root* that name a step (NAME-COUNT) by a literal, or by a function of its name."""
    if root is None:
        return None, None
    name = re.escape(step.rpartition("-")[0])
    pattern = re.compile(rf"""(?:["'`]{name}["'`])|(?:\bdef {name}\()""")
    # Tests come last: they name the steps of the code beside them.
    for path in sorted(root.iterdir(), key=lambda path: (path.name.startswith("test_"), path.name)):
        if path.suffix not in _SOURCES or not path.is_file():
            continue
        for number, text in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(text):
                return path, number
    return None, None


def find_run_files(patterns: Iterable[str | Path]) -> list[str]:
    """
    The run files that *patterns* name.

    Raises:
        TestKitError: A pattern names none.
    """
    found: list[str] = []
    for pattern in patterns:
        paths = sorted(glob.glob(str(pattern), recursive=True))  # noqa: PTH207 - patterns may be absolute
        if not paths:
            raise TestKitError(f"No run file matches {str(pattern)!r}.")
        found += [str(Path(path).resolve()) for path in paths]
    return found


def replay_files(worker: Worker, patterns: Iterable[str | Path]) -> list[ReplayedRun]:
    """Replay run files with the code of *worker*."""
    paths = find_run_files(patterns)
    found = worker.engine.call("replayFiles", paths=paths, deployment=worker.deployment())
    return read_replays(found, worker.root)


def assert_replays(*patterns: str | Path, target: str | Path | None = None) -> None:
    """
    Assert that stored runs are replayed by today's code as they ran.

    Args:
        patterns: Run files, such as ``"runs/*.run.sqlite"``.
        target: The code: a file with workflows, or a folder with a wrangler configuration. By default the project that
            the test is in.

    Raises:
        ReplayError: A run is not; it names the steps, with their lines, and both ends.
        TestKitError: There is no such file, or it is not a run file.
    """
    from stepwell.testing.workflows import Workflows  # noqa: PLC0415 - which uses this module

    with Workflows(target) as workflows:
        replays = replay_files(workflows.worker(), patterns)
    broken = [each for each in replays if not each.same]
    if broken:
        text = "\n".join(map(str, broken))
        raise ReplayError(f"{len(broken)} of {len(replays)} runs are not replayed as they ran:\n{text}")
