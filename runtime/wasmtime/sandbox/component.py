"""
What the host calls: the exports of the component.

Importing this module imports all that every interpreter has from its start, for the component is a heap image of the
interpreter after that. Nothing here or in what it imports may draw a random number while it is imported.
"""

from __future__ import annotations

import gc
import json
import math
import os
import random
import sys
import time
import traceback
from typing import TYPE_CHECKING

import wit_world

import workers
import workers.workflows
from _stepwell_runtime import abandon, other_loops, output
from _stepwell_runtime.pass_runner import PassRunner

from . import compiled, fetching, heap, objects, stdlib, tempfiles, warmup
from .exits import forbid_exits
from .loop import SandboxLoop
from .missing import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

_SLEEP_SLICE_S = 0.05
_MAX_BLOCK_MS = 1 << 31


class Interpreter:
    """The guest, and what the host is to be asked for when this turn ends. It is the guest's `InterpreterHost`, too."""

    def __init__(self, post: Callable[[str], None], enter: Callable[[int, int], None]) -> None:
        """Become a guest of the host that *post* and *enter* call."""
        self.post = post
        self._timer: int | None = None
        self.output = output.Output(lambda: self.guest.flush())  # noqa: PLW0108 - there is no guest yet
        loop = SandboxLoop(self.wake, self.set_timer, enter)
        self.guest = PassRunner(self, self.output, loop)  # type: ignore[arg-type]  # nobody interrupts it

    def computed(self) -> None:
        """Nobody else is in this interpreter."""

    def wake(self) -> None:
        """Ask for a turn at once."""
        self._timer = 0

    def set_timer(self, delay: int) -> None:
        """Ask for a turn in *delay* ms."""
        self._timer = delay if self._timer is None else min(delay, self._timer)

    def turn(self, run: Callable[[], str | None]) -> str:
        """Give what a turn gives that *run* makes, as the WIT has it."""
        self._timer = None
        try:
            batch = run()
        except BaseException:
            # It ends this interpreter, and user code has no part in it: the host keeps what is written here.
            _write(2, traceback.format_exc().encode(errors="backslashreplace"))
            raise
        timer: int | None = self._timer  # which the run may have set
        return f"{'' if timer is None else timer}\n{batch or ''}"


_interpreter = Interpreter(wit_world.post, wit_world.enter)
"""There is one; the class below is made anew for each call."""


class WitWorld(wit_world.WitWorld):  # type: ignore[misc]  # made from the WIT when the component is built
    """The exports. `guest.wit` says what they are."""

    def boot(self, options: str) -> str:
        """Load a deployment."""
        # The heap image has the state of the generator, and is the same in every interpreter.
        random.seed()
        settings = json.loads(options)
        if settings.get("virtualTime"):
            time.sleep = _block_virtually  # type: ignore[assignment]
        compiled.look_in(settings["compiled"])
        if settings["compile"]:
            compiled.keep(wit_world.keep)
        return _interpreter.guest.load(options)

    def deliver(self, text: str) -> str:
        """Take a batch."""
        return _interpreter.turn(lambda: _interpreter.guest.deliver(text))

    def turn(self) -> str:
        """Run what is due."""
        return _interpreter.turn(_interpreter.guest.turn)

    def answer(self, id: int, text: str) -> str:  # noqa: A002 - the WIT's name
        """Take what came of a fetch."""
        fetching.answer(id, text)
        return self.turn()


def _sleep(seconds: float, /) -> None:
    """``time.sleep`` in slices: between two of them the host can end this interpreter."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        _block(min(left, _SLEEP_SLICE_S))


def _block_virtually(seconds: float, /) -> None:
    """``time.sleep`` where the host moves the clock."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    left = math.ceil(seconds * 1000)
    while left > 0:
        wit_world.block(min(left, _MAX_BLOCK_MS))
        left -= _MAX_BLOCK_MS


_block = time.sleep
_write = os.write


def _prepare() -> None:
    """Make the heap image."""
    sys.meta_path.append(stdlib.install())
    # Those of the machine that builds it.
    sys.path.clear()
    sys.path_importer_cache.clear()
    sys.meta_path.append(Missing())
    sys.dont_write_bytecode = True
    time.sleep = _sleep  # type: ignore[assignment]
    workers.fetch = fetching.fetch  # type: ignore[assignment]  # its own is JavaScript's
    forbid_exits()
    tempfiles.explain()
    abandon.install()
    warmup.warm_up(Interpreter)
    gc.collect()
    # Last: what goes wrong before is for those who build.
    output.install(_interpreter.output)
    other_loops.install(_interpreter.guest.loop, threads=False)
    objects.list_objects()
    heap.fill_holes()
    gc.freeze()


_prepare()
