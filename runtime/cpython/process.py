"""A guest process: the socket to the host on one side, the guest of `_stepwell_runtime` on the other."""

from __future__ import annotations

import asyncio
import atexit
import faulthandler
import gc
import json
import os
import socket
import sys
from typing import Any, NoReturn

import workers
import workers.workflows
from _stepwell_process.control import Control
from _stepwell_process.frames import FrameSocket
from _stepwell_process.life import die_with_host
from _stepwell_runtime import abandon, interrupts, other_loops, output
from _stepwell_runtime.pass_runner import PassRunner

from . import debugger, virtual_time
from .fetching import fetch
from .loop import ProcessLoop
from .output import ProcessOutput, keep_context_in_threads

CONNECTION = 3
CONTROL = 4


class GuestProcess:
    """What the host talks to. It is also the `InterpreterHost` of the guest."""

    def __init__(self) -> None:
        """Take over the process, but its event loop."""
        for file in (CONNECTION, CONTROL):
            os.set_inheritable(file, False)  # noqa: FBT003 - as `os` has it
        self._frames = FrameSocket(socket.socket(fileno=CONNECTION))
        self._control = Control(CONTROL)
        clock = self._control.clock
        self._loop = ProcessLoop(CONNECTION, self._control, in_virtual_time=clock.is_set)
        if clock.is_set:
            virtual_time.install(clock)
        self.cpu_limit = 0.0
        self._passes: PassRunner

    def run(self) -> None:
        """Serve the host until it has nothing more to say."""
        boot = self._take_boot()
        die_with_host(CONNECTION)
        os.register_at_fork(after_in_child=self._leave_to_parent)
        self.cpu_limit = boot["cpuLimit"]
        _limit_memory(boot["memoryLimit"])
        self._output = ProcessOutput(lambda: self._passes.flush(), self._loop)  # noqa: PLW0108 - there is no guest yet
        self._passes = PassRunner(self, self._output, self._loop)
        output.install(self._output)
        other_loops.install(self._loop, threads=True)
        keep_context_in_threads()
        # The SDK's own is JavaScript's.
        workers.fetch = fetch  # type: ignore[assignment]
        interrupts.install(self)
        abandon.install()
        # The SDK and the standard library stay until the end: no collection needs to look at them.
        gc.freeze()
        debugger.install(lambda on: self._frames.send({"type": "debugging", "on": on}))
        # What is imported from here on is the user's, whose folder gets no compiled files.
        sys.dont_write_bytecode = True
        self._loop.on_turn = self._turn
        self._loop.on_message = self._receive
        asyncio.set_event_loop(self._loop)
        self._frames.send({"type": "ready"})
        self._loop.run_forever()
        other_loops.uninstall()

    def _take_boot(self) -> dict[str, Any]:
        while not self._frames.ended:
            for message in self._frames.receive():
                if isinstance(message, dict) and message["type"] == "boot":
                    return message
        raise SystemExit(0)

    # Turns ------------------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        self._send(self._passes.turn())

    def _receive(self) -> None:
        for message in self._frames.receive():
            if isinstance(message, str):
                self._send(self._passes.deliver(message))
            else:
                self._answer(message)
        if self._frames.ended:
            self._loop.end()

    def _answer(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "ping":
            self._frames.send({"type": "pong"})
        elif kind == "load":
            self._frames.send({"type": "loaded", "text": self._load(message["deployment"])})
        elif kind == "rest":
            self._frames.send({"type": "rested", "busy": self._loop.is_busy, "next": self._loop.next_due_ms()})
        elif kind == "reload":
            self._reload()
        elif kind == "census":
            self._frames.send({"type": "census", "census": json.loads(self._passes.census())})

    def _load(self, deployment: dict[str, Any]) -> str:
        self._control.begin_turn()
        try:
            return self._passes.load(json.dumps(deployment))
        finally:
            self._output.loaded = True
            self._control.end_turn()

    def _reload(self) -> None:
        self._control.begin_turn()
        try:
            self._passes.reload()
        finally:
            self._control.end_turn()
        self._frames.send({"type": "reloaded"})

    def _send(self, text: str | None) -> None:
        if text is not None:
            self._frames.send(text)

    # Host -------------------------------------------------------------------------------------------------------------

    def post(self, text: str) -> None:
        """Send a batch now."""
        self._frames.send(text)

    def computed(self) -> None:
        """See `InterpreterHost`."""
        self._control.computed()

    def post_handler_output(self, text: str) -> None:
        """Send what handlers have written, which are not called here yet."""

    def read_interrupt(self) -> str:
        """See `interrupts.InterruptSource`."""
        return self._control.read_interrupt()

    def interrupt_raised(self) -> None:
        """See `interrupts.InterruptSource`."""
        self._control.interrupt_raised()

    def _leave_to_parent(self) -> None:
        """Let go, in a process that user code has forked, of what is the parent's."""
        self._output.restore()
        other_loops.uninstall()
        self._frames.connection.close()


def _limit_memory(limit: float | None) -> None:
    if limit is None:
        return
    import resource  # noqa: PLC0415 - only where there is a limit

    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (int(limit), most))


def run() -> NoReturn:
    """Be a guest process."""
    faulthandler.enable(all_threads=False)
    GuestProcess().run()
    # What user code has asked for at the end, but no waiting for its threads: the host waits for us.
    atexit._run_exitfuncs()  # noqa: SLF001 - as the interpreter does
    os._exit(0)
