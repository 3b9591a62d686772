"""
The host process: the socket to the engine's host on one side, pass instances on the other.

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

from _stepwell_process.control import Control
from _stepwell_process.frames import FrameSocket
from _stepwell_process.life import die_with_host

from . import fast_paths, precompiled
from .deployment_copy import DeploymentCopy
from .fetching import MAX_FETCHES_PER_INSTANCE, TOO_MANY_FETCHES, GuestFetcher
from .host_memory import HostMemory, default_limit
from .limits import LimitReached, Limits
from .pass_instance import PassInstance
from .sandbox_instance import InstanceFactory, configure
from .virtual_time import UNKNOWN_WASI, VirtualTimers
from .worker_threads import Ticker, WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTION = 3
CONTROL = 4
_SEND_DELAY_S = 0.002
"""Seconds that a batch may wait for others to leave with. It waits only while there is something else to do."""
_MAX_WAKEUPS = 4096


class SandboxServer:
    """See the module. It owns the pass instances, and is where the work of the threads comes from."""

    def __init__(self, connection: FrameSocket, boot: dict[str, Any]) -> None:
        """Serve *connection* as *boot* says."""
        self._frames = connection
        self._wakeup_receiver, self._wakeup_sender = socket.socketpair()
        self._sending = threading.Lock()
        self._unsent: list[str | dict[str, Any]] = []
        self._unsent_since = 0.0
        self._limits = Limits.of(boot)
        self._fetcher = GuestFetcher(boot["fetch"])
        self._memory = HostMemory(boot["limits"].get("hostMemory") or default_limit())
        self._engine = wasmtime.Engine(configure())
        component = precompiled.load(self._engine, Path(boot["component"]), Path(boot["cache"]), self._compiling)
        clock = Control(CONTROL).clock
        self._factory = InstanceFactory(self._engine, component, clock if clock.is_set else None)
        self._timers = VirtualTimers(clock) if self._factory.has_virtual_time else None
        self._rests_asked = 0
        self._warnings = [*fast_paths.lost(), *([UNKNOWN_WASI] if clock.is_set and self._timers is None else [])]
        self._threads = WorkerThreads(boot["threads"] or os.cpu_count() or 1, self)
        self._ticker = Ticker(self._tick, self._threads)
        self._instances: dict[int, PassInstance] = {}
        self._deployment: DeploymentCopy | None = None

    def serve(self) -> None:
        """
        Do what is asked until there is nobody who asks.

        Raises:
            Exception: A mistake of ours, or something that no engine of ours sends.
        """
        ready = {"type": "ready", "virtualTime": self._timers is not None}
        self._send(ready, *({"type": "warning", "text": text} for text in self._warnings))
        self._threads.start()
        self._threads.over.wait()
        if self._deployment is not None:
            self._deployment.close()
        if self._threads.failure is not None:
            raise self._threads.failure

    def _tick(self) -> None:
        self._engine.increment_epoch()
        self._memory.check(list(self._instances.values()))
        self.settle()

    def _compiling(self) -> None:
        self._send({"type": "compiling"})

    # Source of work ---------------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """See `WorkSource`."""
        return self._frames.ended

    def wait(self) -> bool:
        """See `WorkSource`."""
        frames, wakeup = self._frames.fileno(), self._wakeup_receiver.fileno()
        ready, _, _ = select.select([frames, wakeup], [], [])
        if wakeup in ready:
            self._wakeup_receiver.recv(_MAX_WAKEUPS)
        return frames in ready

    def interrupt(self) -> None:
        """See `WorkSource`."""
        self._wakeup_sender.send(b"!")

    def receive(self) -> None:
        """See `WorkSource`."""
        for message in self._frames.receive():
            if isinstance(message, str):
                number, _, batch = message.partition("\n")
                if instance := self._instances.get(int(number)):
                    instance.put("deliver", batch)
            else:
                self._receive(message)

    def settle(self) -> None:
        """See `WorkSource`."""
        if self._unsent:
            self._send()
        if self._rests_asked:
            self._report_rest()

    def _receive(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "open":
            number = message["pass"]
            assert self._deployment is not None  # noqa: S101 - nothing is opened before
            self._instances[number] = PassInstance(number, self._deployment, self._factory, self._limits, self)
        elif kind in {"close", "expired"}:
            self._cut(message)
        elif kind == "load":
            self._load(message["deployment"])
        elif kind == "rest":
            with self._sending:
                self._rests_asked += 1
        elif kind == "ring" and self._timers is not None:
            self._timers.ring()
        elif kind == "ping":
            self._send({"type": "pong"})

    def _cut(self, message: dict[str, Any]) -> None:
        instance = self._instances.get(message["pass"])
        if instance is None:
            return
        if message["type"] == "close":
            del self._instances[message["pass"]]
            instance.drop()
        else:
            instance.expire(message["ref"], message["attempt"])

    def _load(self, options: dict[str, Any]) -> None:
        self._deployment = DeploymentCopy(options, self._limits)
        loading = DeploymentWork(
            PassInstance(0, self._deployment, self._factory, self._limits, self), self._deployment, self._factory
        )
        loading.on_loaded = lambda text: self._send({"type": "loaded", "text": text})
        self._threads.give(loading)

    def _send(self, *messages: str | dict[str, Any], soon: bool = False) -> None:
        """Send what has been put off, and *messages*. *soon*: they may be put off, and sent with others."""
        with self._sending:
            now = time.monotonic()
            if not self._unsent:
                self._unsent_since = now
            self._unsent += messages
            if soon and now - self._unsent_since < _SEND_DELAY_S:
                return
            unsent, self._unsent = self._unsent, []
            try:
                self._frames.send(*unsent)
            except OSError:
                os._exit(0)  # there is nobody who could be told

    # Owner of pass instances ------------------------------------------------------------------------------------------

    def batches(self, instance: PassInstance, texts: list[str]) -> None:
        """See `PassInstanceOwner`."""
        first, *others = texts
        head = f"{instance.number} {json.dumps(instance.meter.take_used())}\n"
        self._send(head + first, *(f"{instance.number} []\n{text}" for text in others), soon=True)

    def lost(self, instance: PassInstance, reason: str, limit: LimitReached | None) -> None:
        """See `PassInstanceOwner`."""
        self._instances.pop(instance.number, None)
        ref, attempt = instance.meter.running
        message: dict[str, Any] = {
            "type": "lost",
            "pass": instance.number,
            "reason": reason,
            "ref": ref,
            "attempt": attempt,
        }
        message["used"] = instance.meter.take_used()
        if limit is not None:
            message["limit"] = {"name": limit.name, "message": limit.message}
        self._send(message)

    def request(self, instance: PassInstance, number: int, text: str) -> None:
        """See `PassInstanceOwner`."""
        self.settle()
        if instance.fetching >= MAX_FETCHES_PER_INSTANCE:
            instance.put("answer", number, TOO_MANY_FETCHES)
            return
        instance.fetching += 1

        def answer(text: str) -> None:
            instance.fetching -= 1
            instance.put("answer", number, text)

        self._fetcher.perform(instance.number, text, answer)

    def wake(self, instance: PassInstance) -> None:
        """See `PassInstanceOwner`."""
        self._threads.give(instance)

    def wake_in(self, instance: PassInstance, seconds: float) -> None:
        """See `PassInstanceOwner`."""
        if self._timers is None:
            self._ticker.wake_at(instance, time.monotonic() + seconds)
        else:
            self._timers.wake_in(instance, seconds)

    def block(self, seconds: float) -> None:
        """See `PassInstanceOwner`."""
        if self._timers is not None:
            self._timers.block(seconds)

    def _report_rest(self) -> None:
        """Say whether everything rests, once no thread works. A fetch under way is real: it is not waited for."""
        instances = list(self._instances.values())
        fetching = any(instance.fetching for instance in instances)
        if not fetching and any(instance.is_working for instance in instances):
            return
        with self._sending:
            asked, self._rests_asked = self._rests_asked, 0
        report = {"type": "rested", "busy": fetching, "next": self._timers.next_ms() if self._timers else None}
        self._send(*[report] * asked)


class DeploymentWork:
    """Loads a deployment, on the thread that takes it."""

    def __init__(self, instance: PassInstance, deployment: DeploymentCopy, factory: InstanceFactory) -> None:
        """Load *deployment* in *instance*."""
        self.on_loaded: Callable[[str], None]
        """Is given what came of it."""
        self._pass_instance = instance
        self._deployment = deployment
        self._factory = factory

    def work(self) -> None:
        """Load it."""
        try:
            text = self._deployment.load(self._pass_instance, self._factory)
        except (wasmtime.WasmtimeError, LimitReached) as error:
            limit = self._pass_instance.broken
            wire = {"name": limit.name if limit else "Error", "message": self._pass_instance.reason_of(error)}
            text = json.dumps({"error": wire, "output": []})
        self.on_loaded(text)


def run() -> None:
    """Be the host process."""
    os.set_inheritable(CONNECTION, False)  # noqa: FBT003 - as `os` has it
    frames = FrameSocket(socket.socket(fileno=CONNECTION))
    die_with_host(CONNECTION)
    boot = next(message for message in iter_messages(frames) if message["type"] == "boot")
    try:
        SandboxServer(frames, boot).serve()
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
