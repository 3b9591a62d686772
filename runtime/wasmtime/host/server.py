"""
The host process: the socket to the engine's host on one side, cells on the other.

A batch on the socket has the number of its pass in its first line, from here with what its steps have used so far.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wasmtime

from _stepwell_process.frames import FrameSocket
from _stepwell_process.life import die_with_host

from . import precompiled
from .cell import Cell
from .deployment import Deployment
from .fetching import MOST_FETCHES, TOO_MANY, Fetcher
from .limits import LimitReached, Limits
from .sealing import Sealing, configure
from .work import Clock, Crew

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTION = 3
_SOON = 0.002
"""Seconds that a batch may wait for others to leave with. It waits only while there is something else to do."""
_RINGS = 4096


class Server:
    """See the module. It owns the cells, and is where the crew's work comes from."""

    def __init__(self, connection: FrameSocket, boot: dict[str, Any]) -> None:
        """Serve *connection* as *boot* says."""
        self._frames = connection
        self._bell, self._button = socket.socketpair()
        self._sending = threading.Lock()
        self._unsent: list[str | dict[str, Any]] = []
        self._unsent_since = 0.0
        self._limits = Limits.of(boot)
        self._fetcher = Fetcher(boot["fetch"])
        self._engine = wasmtime.Engine(configure())
        component = precompiled.load(self._engine, Path(boot["component"]), Path(boot["cache"]), self._compiling)
        self._sealing = Sealing(self._engine, component)
        self._crew = Crew(boot["threads"] or os.cpu_count() or 1, self)
        self._clock = Clock(self._tick, self._crew)
        self._cells: dict[int, Cell] = {}
        self._deployment: Deployment | None = None

    def serve(self) -> None:
        """
        Do what is asked until there is nobody who asks.

        Raises:
            Exception: A mistake of ours, or something that no engine of ours sends.
        """
        self._send({"type": "ready"})
        self._crew.start()
        self._crew.over.wait()
        if self._deployment is not None:
            self._deployment.close()
        if self._crew.failure is not None:
            raise self._crew.failure

    def _tick(self) -> None:
        self._engine.increment_epoch()
        self.settle()

    def _compiling(self) -> None:
        self._send({"type": "compiling"})

    # Source of work ---------------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """See `Source`."""
        return self._frames.ended

    def wait(self) -> bool:
        """See `Source`."""
        frames, bell = self._frames.fileno(), self._bell.fileno()
        ready, _, _ = select.select([frames, bell], [], [])
        if bell in ready:
            self._bell.recv(_RINGS)
        return frames in ready

    def interrupt(self) -> None:
        """See `Source`."""
        self._button.send(b"!")

    def receive(self) -> None:
        """See `Source`."""
        for message in self._frames.receive():
            if isinstance(message, str):
                number, _, batch = message.partition("\n")
                if cell := self._cells.get(int(number)):
                    cell.put("deliver", batch)
            else:
                self._receive(message)

    def settle(self) -> None:
        """See `Source`."""
        if self._unsent:
            self._send()

    def _receive(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "open":
            number = message["pass"]
            assert self._deployment is not None  # noqa: S101 - nothing is opened before
            self._cells[number] = Cell(number, self._deployment, self._sealing, self._limits, self)
        elif kind == "close":
            if cell := self._cells.pop(message["pass"], None):
                cell.drop()
        elif kind == "expired":
            if cell := self._cells.get(message["pass"]):
                cell.expire(message["ref"], message["attempt"])
        elif kind == "load":
            self._load(message["deployment"])
        elif kind == "ping":
            self._send({"type": "pong"})

    def _load(self, options: dict[str, Any]) -> None:
        self._deployment = Deployment(options, self._limits)
        loading = Loading(Cell(0, self._deployment, self._sealing, self._limits, self), self._deployment, self._sealing)
        loading.told = lambda text: self._send({"type": "loaded", "text": text})
        self._crew.give(loading)

    def _send(self, *messages: str | dict[str, Any], soon: bool = False) -> None:
        """Send what has been put off, and *messages*. *soon*: they may be put off, and sent with others."""
        with self._sending:
            now = time.monotonic()
            if not self._unsent:
                self._unsent_since = now
            self._unsent += messages
            if soon and now - self._unsent_since < _SOON:
                return
            unsent, self._unsent = self._unsent, []
            try:
                self._frames.send(*unsent)
            except OSError:
                os._exit(0)  # there is nobody who could be told

    # Owner of cells ---------------------------------------------------------------------------------------------------

    def batches(self, cell: Cell, texts: list[str]) -> None:
        """See `Owner`."""
        first, *others = texts
        head = f"{cell.number} {json.dumps(cell.meter.take_used())}\n"
        self._send(head + first, *(f"{cell.number} []\n{text}" for text in others), soon=True)

    def lost(self, cell: Cell, reason: str, limit: LimitReached | None) -> None:
        """See `Owner`."""
        self._cells.pop(cell.number, None)
        ref, attempt = cell.meter.running
        message: dict[str, Any] = {
            "type": "lost",
            "pass": cell.number,
            "reason": reason,
            "ref": ref,
            "attempt": attempt,
        }
        message["used"] = cell.meter.take_used()
        if limit is not None:
            message["limit"] = {"name": limit.name, "message": limit.message}
        self._send(message)

    def request(self, cell: Cell, number: int, text: str) -> None:
        """See `Owner`."""
        self.settle()
        if cell.fetching >= MOST_FETCHES:
            cell.put("answer", number, TOO_MANY)
            return
        cell.fetching += 1

        def answer(text: str) -> None:
            cell.fetching -= 1
            cell.put("answer", number, text)

        self._fetcher.perform(text, answer)

    def wake(self, cell: Cell) -> None:
        """See `Owner`."""
        self._crew.give(cell)

    def wake_at(self, cell: Cell, when: float) -> None:
        """See `Owner`."""
        self._clock.wake_at(cell, when)


class Loading:
    """Loads a deployment, on the thread that takes it."""

    def __init__(self, cell: Cell, deployment: Deployment, sealing: Sealing) -> None:
        """Load *deployment* in *cell*."""
        self.told: Callable[[str], None]
        """Is given what came of it."""
        self._cell = cell
        self._deployment = deployment
        self._sealing = sealing

    def work(self) -> None:
        """Load it."""
        try:
            text = self._deployment.load(self._cell, self._sealing)
        except (wasmtime.WasmtimeError, LimitReached) as error:
            limit = self._cell.broken
            wire = {"name": limit.name if limit else "Error", "message": self._cell.reason_of(error)}
            text = json.dumps({"error": wire, "output": []})
        self.told(text)


def run() -> None:
    """Be the host process."""
    os.set_inheritable(CONNECTION, False)  # noqa: FBT003 - as `os` has it
    frames = FrameSocket(socket.socket(fileno=CONNECTION))
    die_with_host(CONNECTION)
    boot = next(message for message in iter_messages(frames) if message["type"] == "boot")
    try:
        Server(frames, boot).serve()
    except precompiled.DamagedComponent as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(70)
    except Exception:  # noqa: BLE001 - whatever it is, it ends this process, and the engine's host tells people
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)
    os._exit(0)


def iter_messages(frames: FrameSocket) -> Any:  # noqa: ANN401
    """Messages until the socket ends."""
    while not frames.ended:
        yield from frames.receive()
