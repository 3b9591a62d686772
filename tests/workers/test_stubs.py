"""Objects of the user's that stand for bindings."""

import asyncio
import sys
from types import ModuleType

import pytest

from workers._facades import to_facades


@pytest.fixture
def fakes(monkeypatch):
    module = ModuleType("fakes")
    monkeypatch.setitem(sys.modules, "fakes", module)
    return module


def stub(target):
    return to_facades({"AI": {"kind": "host", "type": "stub", "options": {"target": target}}}, None)["AI"]


def test_function(fakes):
    """A function is the method `run`."""

    async def run(model, inputs):
        return {"response": f"{model} {inputs['prompt']}"}

    fakes.run = run

    assert {"response": "m x"} == asyncio.run(stub("fakes:run").run("m", {"prompt": "x"}))


def test_class(fakes):
    """A class is called once, and its object keeps what it has."""

    class Index:
        def __init__(self):
            self.rows = []

        def insert(self, row):
            self.rows.append(row)
            return len(self.rows)

    fakes.Index = Index
    index = stub("fakes:Index")

    assert [1, 2] == [index.insert("a"), index.insert("b")]


def test_missing(fakes):
    """A stub that is not there is an error at its use, which names it."""
    with pytest.raises(RuntimeError, match=r"env.AI cannot be used: its stub fakes:x .* is not there"):
        stub("fakes:x").run("m", {})
