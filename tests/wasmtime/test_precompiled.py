"""What is compiled is kept, and believed only when it is whole."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

wasmtime = pytest.importorskip("wasmtime", reason="stepwell[wasmtime] is not installed")

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "runtime" / "wasmtime" / "host" / "precompiled.py"

spec = spec_from_file_location("precompiled", SCRIPT)
precompiled = module_from_spec(spec)
spec.loader.exec_module(precompiled)


@pytest.fixture
def component(tmp_path) -> Path:
    """The smallest component."""
    path = tmp_path / "smallest.wasm"
    path.write_bytes(wasmtime.wat2wasm("(component)"))
    return path


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch) -> list[Path]:
    """Every component that was compiled."""
    calls = []
    original = precompiled._compile  # noqa: SLF001 - what it costs is the point

    def compile_(engine, component):
        calls.append(component)
        return original(engine, component)

    monkeypatch.setattr(precompiled, "_compile", compile_)
    return calls


def kept(cache: Path) -> list[Path]:
    return sorted(cache.glob("*.cwasm"))


def test_compiled_once(component, cache, compiled):
    """The second time it is loaded, not compiled."""
    precompiled.load(wasmtime.Engine(), component, cache)
    precompiled.load(wasmtime.Engine(), component, cache)

    assert [component] == compiled
    assert 1 == len(kept(cache))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
        lambda data: data + b"more",
    ],
    ids=["half", "nothing", "one bit", "more"],
)
def test_damaged(component, cache, compiled, damage):
    """What is not whole is made again, and is whole then."""
    precompiled.load(wasmtime.Engine(), component, cache)
    (path,) = kept(cache)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))

    precompiled.load(wasmtime.Engine(), component, cache)

    assert 2 == len(compiled)
    assert [whole] == [path.read_bytes() for path in kept(cache)]


def test_draft_of_a_process_that_died(component, cache, compiled):
    """A file that was being written is not taken for the finished one."""
    precompiled.load(wasmtime.Engine(), component, cache)
    (path,) = kept(cache)
    path.rename(path.with_name(f"{path.name}.12345"))

    precompiled.load(wasmtime.Engine(), component, cache)

    assert 2 == len(compiled)


def test_other_component(component, cache, compiled):
    """Another component, by its contents, is another entry."""
    precompiled.load(wasmtime.Engine(), component, cache)
    component.write_bytes(wasmtime.wat2wasm('(component (core module (func (export "f"))))'))
    precompiled.load(wasmtime.Engine(), component, cache)

    assert 2 == len(kept(cache))


def test_other_version_of_wasmtime(component, cache, compiled, monkeypatch):
    """What another version has compiled is not looked at."""
    precompiled.load(wasmtime.Engine(), component, cache)
    monkeypatch.setattr(precompiled, "version", lambda _: "49.0.0")
    precompiled.load(wasmtime.Engine(), component, cache)

    assert 2 == len(compiled)


def test_cache_that_cannot_be_written(component, tmp_path, compiled):
    """It costs time, no more, and that is told."""
    (tmp_path / "file").write_text("")
    told = []

    assert precompiled.load(wasmtime.Engine(), component, tmp_path / "file" / "cache", lambda: told.append(component))
    assert [component] == told


def test_processes_at_the_same_time(component, cache, tmp_path):
    """Several that need it at once wait for the first, and all get it."""
    code = f"""
import os, time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
import wasmtime
spec = spec_from_file_location("precompiled", {str(SCRIPT)!r})
precompiled = module_from_spec(spec)
spec.loader.exec_module(precompiled)
original = precompiled._compile
def compile_(*arguments):
    print("compiled", flush=True)
    while len(list(here.glob("begun-*"))) < 3:
        time.sleep(0.01)
    return original(*arguments)
precompiled._compile = compile_
here = Path({str(tmp_path)!r})
(here / f"begun-{{os.getpid()}}").touch()
assert precompiled.load(wasmtime.Engine(), Path({str(component)!r}), Path({str(cache)!r}))
"""
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]

    assert [0, 0, 0] == [process.returncode for process in processes]
    assert ["", "", "compiled\n"] == sorted(outputs)


def test_component_that_is_damaged(component, cache):
    """It says which file it is, and what to do; nothing of it is kept."""
    component.write_bytes(component.read_bytes()[:6])

    with pytest.raises(
        precompiled.DamagedComponent, match=r"smallest\.wasm is damaged: .*Delete it .*install stepwell"
    ):
        precompiled.load(wasmtime.Engine(), component, cache)

    assert [] == kept(cache)


def test_compiling_is_told(component, cache):
    """Whoever waits is told why, and only then."""
    told = []
    for _ in range(2):
        precompiled.load(wasmtime.Engine(), component, cache, lambda: told.append(component))

    assert [component] == told
