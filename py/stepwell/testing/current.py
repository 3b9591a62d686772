"""The test that runs now, as the pytest plugin has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class CurrentTest:
    """
    The test that runs now.

    Attributes:
        folder: Where its file is; None outside of pytest.
        name: As pytest's command line takes it.
        seed: The value of `--stepwell-seed`, if any.
        replay: Whether instances that have ended are replayed.
        timelines: Of engines that a failure has closed already.
        settings: Gives what `Workflows` takes where a test says nothing: the mark and the configuration have it.
    """

    def __init__(self) -> None:
        self.end()

    def begin(
        self, folder: Path, name: str, seed: str | None, *, replay: bool, settings: Callable[[], dict[str, Any]]
    ) -> None:
        """A test begins."""
        self.folder: Path | None = folder
        self.name: str | None = name
        self.seed: str | None = seed
        self.replay = replay
        self.settings: Callable[[], dict[str, Any]] = settings
        self.timelines.clear()

    def end(self) -> None:
        """No test runs."""
        self.folder = self.name = self.seed = None
        self.replay = True
        self.settings = dict
        self.timelines: list[str] = []


current = CurrentTest()


def replay_hint(seed: str) -> str:
    """The line that runs the test again with one *seed*."""
    if current.name is None:
        return f"Replay it with seed={seed!r}."
    return f"Replay it: pytest {current.name!r} --stepwell-seed={seed}"
