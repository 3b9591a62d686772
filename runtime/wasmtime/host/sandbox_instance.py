"""
The engine of WebAssembly, and how an instance of the component is made: what it may reach is decided here.

There is no shadow of the process in it: no environment, no arguments, no standard streams, no network, and of the file
system the folders that it is given, read only.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import wasmtime
from wasmtime import component as components

from .deadlines import Deadline
from .fast_paths import note_lost
from .limits import OUTSIDE, STARTING, Running
from .virtual_time import replace_clocks

try:
    from .direct import Caller, add_import
except (ImportError, AttributeError):
    from .calls import Caller, add_import  # type: ignore[assignment]

    note_lost("a step costs twice as much")

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from _stepwell_process.clock import FileClock

    from .pass_instance import PassInstance

WASM_STACK_BYTES = 64 << 20
"""Bytes. Python's own limit of recursion must come first."""
THREAD_STACK_BYTES = 128 << 20
_MAX_TABLES = 64
_EXPORTS = ("boot", "deliver", "turn", "answer")
_MAX_STDERR_BYTES = 4000


try:
    from wasmtime._ffi import wasmtime_config_async_stack_size_set as _set_stack_of_async
except ImportError:
    _set_stack_of_async = None  # type: ignore[assignment]
    note_lost("deep recursion ends an instance")


def configure() -> wasmtime.Config:
    """The configuration that a precompiled component is made for, and that it is run with."""
    config = wasmtime.Config()
    config.epoch_interruption = True
    if _set_stack_of_async is not None:
        config.max_wasm_stack = WASM_STACK_BYTES
        # It must not be smaller, although nothing here is asynchronous.
        _set_stack_of_async(config.ptr(), WASM_STACK_BYTES)
    return config


class InstanceFactory:
    """One component, of which any number of instances are made."""

    def __init__(
        self, engine: wasmtime.Engine, component: components.Component, clock: FileClock | None = None
    ) -> None:
        """Make instances of *component*, whose code has the time of *clock*; None: real time."""
        self.engine = engine
        self._component = component
        self._linker = components.Linker(engine)
        self._linker.add_wasip2()
        self.has_virtual_time = clock is not None and replace_clocks(self._linker, clock)
        self._current = threading.local()
        with self._linker.root() as root:
            # Lambdas: whose instance it is, is known when the call comes.
            self._imports = [
                add_import(root, "post", lambda text: self._pass_instance.posted(text)),  # noqa: PLW0108
                add_import(root, "enter", lambda ref, attempt: self._pass_instance.entered(ref, attempt)),  # noqa: PLW0108
                add_import(root, "request", lambda number, text: self._pass_instance.requested(number, text)),  # noqa: PLW0108
                add_import(root, "block", lambda milliseconds: self._pass_instance.blocked(milliseconds)),  # noqa: PLW0108
                add_import(root, "keep", lambda path, code: self._pass_instance.keep(path, code)),  # noqa: PLW0108
            ]

    @property
    def _pass_instance(self) -> PassInstance:
        """Whose code runs on this thread."""
        instance: PassInstance = self._current.instance
        return instance

    def open(self, instance: PassInstance, mounts: Sequence[tuple[Path, str]], memory: int) -> SandboxInstance:
        """A fresh instance for *instance*, with *mounts* (a folder of the machine, and where the guest sees it)."""
        return SandboxInstance(self, instance, mounts, memory)

    def instantiate(self, store: wasmtime.Store) -> components.Instance:
        """See `SandboxInstance`."""
        return self._linker.instantiate(store, self._component)

    def run(self, instance: PassInstance, running: Running, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the export gives
        """Run *call* with *instance* as the one that is served, on the account of *running*."""
        self._current.instance = instance
        instance.meter.enter(running)
        try:
            return call()
        finally:
            instance.meter.leave()
            self._current.instance = None


class SandboxInstance:
    """One instance: an interpreter of its own, with nothing in it that another has seen."""

    def __init__(
        self, factory: InstanceFactory, instance: PassInstance, mounts: Sequence[tuple[Path, str]], memory: int
    ) -> None:
        """See `InstanceFactory.open`."""
        self._factory = factory
        self._pass_instance = instance
        self.stderr = b""
        """The last that the interpreter itself had to say."""
        self._store = store = wasmtime.Store(factory.engine)
        store.set_limits(memory_size=memory, instances=_MAX_TABLES, tables=_MAX_TABLES, memories=4)
        wasi = wasmtime.WasiConfig()
        wasi.stderr_custom = self._note
        for folder, seen_as in mounts:
            wasi.preopen_dir(str(folder), seen_as, fs_mutable=False)
        store.set_wasi(wasi)
        self._deadline = Deadline(store, instance.check_running)
        self._deadline.begin(instance.meter.budget_ms(STARTING))
        self._instance = factory.run(instance, STARTING, lambda: factory.instantiate(store))
        self._functions = {name: self._instance.get_func(store, name) for name in _EXPORTS}
        self._caller = Caller(store)

    def call(self, name: str, *arguments: str | int) -> str:
        """
        Call an export.

        Raises:
            wasmtime.WasmtimeError: The instance is gone: a trap, or what `PassInstance.check_running` raised.
            LimitReached: It has used too much.
        """
        function = self._functions[name]
        assert function is not None  # noqa: S101 - the WIT has it
        running = STARTING if name == "boot" else OUTSIDE
        self._deadline.begin(self._pass_instance.meter.budget_ms(running))
        result: str = self._factory.run(self._pass_instance, running, lambda: self._caller.call(function, *arguments))
        self._pass_instance.check_used()
        return result

    def close(self) -> None:
        """Give its memory back."""
        self._functions = {}
        self._store.close()

    def _note(self, data: bytes) -> None:
        self.stderr = (self.stderr + data)[-_MAX_STDERR_BYTES:]
