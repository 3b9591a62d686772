"""Limits that more than one part of the product holds, which cannot import them from one another, are the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SHARED = {
    "MAX_ERROR_DATA_CHARACTERS": ["js/engine/limits.js", "bridge/errors.js", "bridge/errors.py"],
    "MAX_ERROR_MESSAGE_BYTES": ["bridge/error_classes.js", "bridge/errors.py"],
    "MAX_STACK_CHARACTERS": ["bridge/errors.js", "bridge/traces.py"],
    # How deep values are nested, and what else a message holds of the user's.
    "MAX_DEPTH": ["bridge/refusal.js", "bridge/refusal.py"],
    "MAX_PLAIN_DEPTH": ["js/engine/messages.js", "bridge/plain.js", "bridge/plain.py"],
    "MAX_LATE_OUTPUT_CHARACTERS": ["js/engine/limits.js", "runtime/python/output.py", "runtime/wasmtime/pool.js"],
    "MAX_LATE_LINE_CHARACTERS": ["js/engine/limits.js", "runtime/python/output.py", "runtime/wasmtime/pool.js"],
}
"""The limit's name, and the files that hold it. What a pass alone can need is sent by the engine: `StreamLimits`."""


def limit(path: str, name: str) -> int:
    """Get the value of the constant *name* of a file of either language."""
    text = (ROOT / path).read_text(encoding="utf-8")
    [value] = re.findall(rf"^(?:export )?(?:const )?{name} = ([\d_ *<()]+);?$", text, re.MULTILINE)
    return eval(compile(ast.parse(value.strip(), mode="eval"), path, "eval"), {})


@pytest.mark.parametrize("name", SHARED)
def test_a_limit_is_the_same_everywhere(name):
    assert 1 == len({limit(path, name) for path in SHARED[name]})


def test_the_engine_keeps_what_a_guest_sends():
    """A guest cuts a message of an error at least as short as the engine, and nests values less."""
    engine = "js/engine/limits.js"

    assert limit("bridge/errors.py", "MAX_ERROR_MESSAGE_BYTES") <= limit(engine, "MAX_ERROR_MESSAGE_CHARACTERS")
    assert limit("bridge/refusal.py", "MAX_DEPTH") < limit(engine, "MAX_VALUE_DEPTH")
    assert limit("runtime/python/output.py", "MAX_TURN_CHARACTERS") <= limit(engine, "MAX_OUTPUT_CHARACTERS")


def test_the_bridge_has_no_limits_of_streams():
    """The engine sends them, when a pass has its first stream."""
    for path in ("bridge/streams.js", "bridge/streams.py"):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not re.search(r"MAX_|1024 \* 1024|256 \* 1024|GiB", text)
