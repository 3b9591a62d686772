"""Random runs of the corpus' workflows without an engine: what a run asks for is drawn, and steps fail now and then."""

from __future__ import annotations

import asyncio
import sys
import types
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from random_programs import RecordingStep

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

LONGEST_LOOP = 40
"""Steps after which a run is cut: a loop may wait for what never comes."""
_SOME = [True, False, 0, 1, 3, "a", "b", "other", ["x", "y"], None]


ROUNDS = 500
"""Rounds of the event loop, likewise."""


class CutError(Exception):
    """The run has executed enough."""


class Payload(dict[str, Any]):
    """Has every key, each with a value that a workflow may expect, or not."""

    def __init__(self, choices: random.Random) -> None:
        self._choices = choices

    def __missing__(self, key: str) -> Any:
        usual: dict[str, list[Any]] = {
            "n": [0, 1, 2, 3],
            "count": [0, 1, 2, 3],
            "flag": [True, False],
            "kind": ["a", "b", "c"],
            "items": [[], ["x"], ["x", "y", "z"]],
        }
        return self._choices.choice(usual.get(key, _SOME))

    def get(self, key: str, default: Any = None) -> Any:
        """One in three keys is absent."""
        return default if self._choices.random() < 1 / 3 else self[key]


class CorpusStep(RecordingStep):
    """Records the steps of a run. Callbacks run, and one in six fails."""

    def __init__(self, choices: random.Random) -> None:
        super().__init__()
        self._choices = choices
        # A callback may ask for its attempt by this name.
        self._by_name["ctx"] = types.SimpleNamespace(result_of=self._context)

    async def _context(self) -> dict[str, int]:
        return {"attempt": self._choices.choice([1, 2])}

    def _record(self, kind: str, name: str) -> None:
        if len(self.executed) >= LONGEST_LOOP:
            raise CutError
        super()._record(kind, name)
        if self._choices.random() < 1 / 6:
            msg = f"{name} fails"
            raise self._choices.choice([ValueError, RuntimeError, KeyError])(msg)

    def do(self, name: str | None = None, depends: Any = None, *, concurrent: bool = False, **_options: Any) -> Any:
        """As the SDK has it; a first argument that is a function is decorated by its name."""
        if callable(name):
            return super().do()(name)
        return super().do(name, depends, concurrent=concurrent)

    def sleep_until(self, name: str, _at: object) -> Any:
        """A sleep."""
        return self.sleep(name, _at)

    async def wait_for_event(self, name: str, *_args: Any, **_options: Any) -> Any:
        """The event comes at once."""
        self._record("waitForEvent", name)
        return {"payload": Payload(self._choices), "type": "t"}


class _Environment:
    def __getattr__(self, name: str) -> Any:
        async def answer(*_args: Any, **_options: Any) -> str:
            return name

        return types.SimpleNamespace(create=answer, get=answer, fetch=answer)


def load(files: dict[str, str]) -> Callable[[str, str], type]:
    """Import the files as modules that find each other. Gives a class by file and name."""
    modules = {}
    for path in sorted(files, key=lambda path: path != "helpers.py"):
        module = types.ModuleType(path.removesuffix(".py"))
        sys.modules[module.__name__] = module
        modules[path] = module
        exec(compile(files[path], path, "exec"), module.__dict__)
    return lambda file, name: getattr(modules[file], name)


def execute(workflow: type, choices: random.Random) -> list[tuple[str, str, int]]:
    """The steps of one run, which may end in any way."""
    step = CorpusStep(choices)

    async def run() -> None:
        instance = workflow()
        instance.env = _Environment()
        event = {"payload": Payload(choices), "timestamp": datetime.now(UTC)}
        task = asyncio.ensure_future(instance.run(event, step))
        # By rounds of the loop and not by time: what waits for more than other steps is cut.
        for _ in range(ROUNDS):
            if task.done():
                break
            await asyncio.sleep(0)
        task.cancel()
        others = asyncio.all_tasks() - {asyncio.current_task()} | {task}
        for other in others:
            other.cancel()
        # A run that fails has executed steps, too.
        await asyncio.wait(others)

    asyncio.run(run())
    return step.executed
