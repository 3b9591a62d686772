"""
The test kit's host process: one for each process that runs tests, started when it is first needed.

A socket connects the two, which the host has as its standard input. Requests and replies are JSON objects, a line each.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, ClassVar

from stepwell.exceptions import HostLostError, InputError
from stepwell.host_process import host_root
from stepwell.node import HOST_FLAGS, find_node, host_environment
from stepwell.testing.doubles import answer_call
from stepwell.testing.errors import ModifierError, TestKitError, WaitError

if TYPE_CHECKING:
    from stepwell.runtimes import Warm

_ERRORS: dict[str, type[Exception]] = {"WaitError": WaitError, "ModifierError": ModifierError}
_STOP_TIMEOUT_S = 10.0
_SOCKET_FD = "0"
"""Where the host finds its end of the socket."""


class HostLink:
    """A running host. Any thread may call it."""

    _current: ClassVar[HostLink | None] = None
    _lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def current(cls, warm: Warm | None = None) -> HostLink:
        """The host of this process. The first call starts it, with an interpreter for *warm*."""
        with cls._lock:
            # A process that was forked from one with a host needs a host of its own.
            if cls._current is None or cls._current.is_closed or cls._current.pid != os.getpid():
                cls._current = cls(warm)
                atexit.register(cls._current.close)
            return cls._current

    @classmethod
    def close_current(cls) -> None:
        """End the host of this process, if there is one."""
        with cls._lock:
            current, cls._current = cls._current, None
        if current is not None and current.pid == os.getpid():
            current.close()

    def __init__(self, warm: Warm | None) -> None:
        self.pid = os.getpid()
        self.is_closed = False
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._write_lock = threading.Lock()
        self.doubles: dict[tuple[str, str], object] = {}
        """Objects of the test, by main file and name of the binding."""
        node = find_node()
        script = host_root() / "js" / "testkit" / "main.js"
        first = [] if warm is None else [warm.to_json()]
        self._socket, theirs = socket.socketpair()
        environment = {"STEPWELL_HOST_PYTHON": sys.executable, **host_environment()}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own script
                [os.fspath(node.path), *HOST_FLAGS, os.fspath(script), _SOCKET_FD, *first],
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        except OSError as error:
            raise InputError(f"{node.path} (from {node.source}) cannot be run: {error}.") from error
        finally:
            theirs.close()
        for read in (self._read_replies, self._read_text):
            threading.Thread(target=read, name="stepwell test host", daemon=True).start()

    def call(self, op: str, **fields: object) -> Any:  # noqa: ANN401 - what the operation gives
        """
        Carry out an operation, and wait for its result.

        Raises:
            TestKitError: The operation is refused.
            HostLostError: The host has ended.
        """
        reply: Future[Any] = Future()
        number = next(self._numbers)
        self._waiting[number] = reply
        line = json.dumps({"number": number, "op": op, **fields}).encode() + b"\n"
        try:
            with self._write_lock:
                self._socket.sendall(line)
        except OSError:
            self._lose()
        return reply.result()

    def close(self) -> None:
        """End the host. A second call does nothing."""
        if self.is_closed:
            return
        self.is_closed = True
        atexit.unregister(self.close)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            # Node waits for threads, and one may be inside code that does not end. The states are the tests' own.
            self._process.kill()
            self._process.wait()
        self._socket.close()
        if self._process.stdout:
            self._process.stdout.close()

    def _read_replies(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._socket.makefile("rb") as lines:
            for line in lines:
                self._receive(json.loads(line))
        self._lose()

    def _receive(self, reply: dict[str, Any]) -> None:
        if "call" in reply:
            threading.Thread(target=self._answer, args=(reply,), name="stepwell test double", daemon=True).start()
            return
        waiting = self._waiting.pop(reply["number"], None)
        if waiting is None:
            return
        if error := reply.get("error"):
            waiting.set_exception(_to_exception(error))
        else:
            waiting.set_result(reply["result"])

    def _answer(self, call: dict[str, Any]) -> None:
        # A thread for each: an object of the test may itself use the host before it answers.
        with contextlib.suppress(HostLostError):
            self.call("answer", call=call["call"], **answer_call(self.doubles, call))

    def _lose(self) -> None:
        while self._waiting:
            _, waiting = self._waiting.popitem()
            waiting.set_exception(HostLostError("The host process of the test kit has ended.", sent=True))

    def _read_text(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                sys.stderr.write(line.decode(errors="replace"))


def _to_exception(error: dict[str, Any]) -> Exception:
    message = str(error["message"])
    if traceback := error.get("traceback"):
        message += f"\n{traceback}"
    return _ERRORS.get(str(error["name"]), TestKitError)(message)
