"""
A warmup, while the component is built: the code that every pass runs has run before, in the heap image.

Python's interpreter rewrites code that it has run a few times for what it met there, which makes it faster; and what
it writes to costs an instance a page of its own. Nothing else of the warmup is left.
"""

from __future__ import annotations

import asyncio
import json
import linecache
import logging
import os
import sys
import warnings
from contextlib import contextmanager
from os.path import abspath, dirname, join
from typing import TYPE_CHECKING, Any

from _stepwell_runtime import output
from _workflows_bridge.attempt_runner import retryable
from _workflows_bridge.batch import Batch, unpack_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .component import Interpreter

_TIMES = 8
_FLOW = join(dirname(abspath(__file__)), "warmup_flow.py")  # noqa: PTH100, PTH118, PTH120 - pathlib is not needed
_CONFIG: dict[str, Any] = {
    "retries": {"limit": 5, "delay": 1000, "backoff": "exponential"},
    "timeout": "10 minutes",
}


def warm_up(open_interpreter: type[Interpreter]) -> None:
    """Run a workflow a few times."""
    with _all_as_before():
        for _ in range(_TIMES):
            _run(open_interpreter)


def _run(open_interpreter: type[Interpreter]) -> None:
    """Run it once, with an engine of few lines."""
    sent: list[str] = []
    interpreter = open_interpreter(sent.append, lambda _ref, _attempt: None)
    output.install(interpreter.output)
    guest = interpreter.guest
    options = {"root": dirname(_FLOW), "main": _FLOW, "vars": {"KEY": "value"}}  # noqa: PTH120
    loaded = json.loads(guest.load(json.dumps(options)))
    if "error" in loaded:
        raise RuntimeError(loaded["error"])
    event = {"timestamp": 1, "instanceId": "one", "workflowName": "warmup_flow"}
    start = {"className": "WarmupFlow", "defaults": _CONFIG, "stepLimit": 100, "history": [], "value": '{"n":3}'}
    answers = [{"type": "start", "pass": 1, "event": event, **start}]
    while answers:
        batch = Batch()
        for answer in answers:
            batch.add(answer)
        sent.append(guest.deliver(batch.pack()) or "[]")
        answers = [answer for text in sent for message in unpack_batch(text) for answer in _answers(message)]
        sent.clear()
    del sys.modules["warmup_flow"]


@contextmanager
def _all_as_before() -> Iterator[None]:
    """Undo what is left of the warmup outside its interpreters."""
    names = {
        sys: ("stdout", "stderr", "__stdout__", "__stderr__"),
        os: ("write",),
        logging: ("lastResort", "basicConfig"),
        warnings: ("showwarning",),
    }
    before = [(module, name, getattr(module, name)) for module in names for name in names[module]]
    path, filters, level = list(sys.path), list(warnings.filters), logging.getLogger().level
    yield
    for module, name, value in before:
        setattr(module, name, value)
    sys.path[:] = path
    warnings.filters[:] = filters  # type: ignore[index]
    logging.getLogger().setLevel(level)
    linecache.clearcache()
    retryable.clear()
    asyncio.events._set_running_loop(None)  # noqa: SLF001 - as in `loop.py`
    sys.set_asyncgen_hooks(None, None)


def _answers(message: dict[str, Any]) -> list[dict[str, Any]]:
    kind = message["type"]
    if kind == "fail":
        raise RuntimeError(message["error"])
    about = {"pass": 1, "ref": message.get("ref")}
    if kind == "do" and not message.get("started"):
        return [{"type": "attempt", **about, "attempt": 1, "config": _CONFIG}]
    if kind == "failed":
        return [{"type": "attempt", **about, "attempt": 2, "config": _CONFIG}]
    if kind in {"done", "sleep"}:
        return [{"type": "resolve", **about}]
    if kind == "waitForEvent":
        return [
            {
                "type": "resolve",
                **about,
                "value": '{"payload":1,"type":"go","timestamp":{"$":"date","v":"1970-01-01T00:00:00.000Z"}}',
            }
        ]
    return []
