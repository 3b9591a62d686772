"""
What the pool reads while this process is busy: words in a file that both have open.

The layout is that of `runtime/pool/control.js`: words of 32 bits, then pass, ref and attempt of each attempt to be cut.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
import time

from .clock import FileClock

_CONTROL_BYTES = 8 * 1024
_PAGE_BYTES = 65_536
_WORD = struct.Struct("<i")
_TARGET = struct.Struct("<3d")
_TURN, _PAGES, _INTERRUPT_CHECKS, _INTERRUPTS_RAISED, _RUN_CODE, _TARGETS, _COMPUTED = range(4, 32, 4)
_TARGETS_AT = 64
_MEASURE_INTERVAL_S = 0.5


class Control:
    """The words."""

    def __init__(self, file: int) -> None:
        """Use the open *file*."""
        self._map = mmap.mmap(file, _CONTROL_BYTES)
        self._turn = self._checks = self._raised = self._computed = 0
        self._measured_at = 0.0

    @property
    def clock(self) -> FileClock:
        """The host's clock, where the host has set one."""
        return FileClock(self._map)

    def begin_turn(self) -> None:
        """The interpreter begins to run."""
        self._turn += 1
        _WORD.pack_into(self._map, _TURN, self._turn & 0x7FFFFFFF)

    def end_turn(self) -> None:
        """It ends to run, for now."""
        self._turn += 1
        _WORD.pack_into(self._map, _TURN, self._turn & 0x7FFFFFFF)
        if (now := time.monotonic()) - self._measured_at > _MEASURE_INTERVAL_S:
            self._measured_at = now
            _WORD.pack_into(self._map, _PAGES, memory_in_use() // _PAGE_BYTES)

    def computed(self) -> None:
        """Code has kept the interpreter to itself for longer than others should wait."""
        self._computed += 1
        _WORD.pack_into(self._map, _COMPUTED, self._computed)

    def read_interrupt(self) -> str:
        """An interrupt has arrived: what is it for? JSON, see `_stepwell_runtime.interrupts`."""
        self._checks += 1
        _WORD.pack_into(self._map, _INTERRUPT_CHECKS, self._checks)
        (count,) = _WORD.unpack_from(self._map, _TARGETS)
        (run_code,) = _WORD.unpack_from(self._map, _RUN_CODE)
        targets = [_TARGET.unpack_from(self._map, _TARGETS_AT + i * _TARGET.size) for i in range(count)]
        return json.dumps({"runCode": run_code == 1, "attempts": targets})

    def interrupt_raised(self) -> None:
        """It has been raised in the code that it is for."""
        self._raised += 1
        _WORD.pack_into(self._map, _INTERRUPTS_RAISED, self._raised)


def memory_in_use() -> int:
    """Memory of this process in bytes."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - pathlib is not needed for anything else
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        import resource  # noqa: PLC0415 - only where there is no /proc

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
