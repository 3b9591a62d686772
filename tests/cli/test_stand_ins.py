"""`[tool.stepwell.ai]` and `[tool.stepwell.stubs]`: what takes the place of bindings that are Cloudflare's alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stepwell.exceptions import InputError
from stepwell.wrangler import load_config

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = {
    "name": "w",
    "main": "worker.py",
    "ai": {"binding": "AI"},
    "vectorize": [{"binding": "INDEX", "index_name": "i"}],
}


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("STEPWELL_AI_URL", raising=False)

    def load(toml: str, main: str = "worker.py"):
        (tmp_path / main).write_text("", encoding="utf-8")
        (tmp_path / "pyproject.toml").write_text(toml, encoding="utf-8")
        path = tmp_path / "wrangler.json"
        path.write_text(json.dumps({**CONFIG, "main": main}), encoding="utf-8")
        return load_config(path)

    return load


def test_nothing(load) -> None:
    """Without a server AI is refused, and the message names both remedies."""
    entry = load("").worker_env["AI"]

    assert "refused" == entry["kind"]
    assert "[tool.stepwell.ai]" in entry["message"]
    assert "STEPWELL_AI_URL" in entry["message"]
    assert "refused" == load("").worker_env["INDEX"]["kind"]


def test_server(load) -> None:
    """The table names the server, its models and the variable of the key."""
    entry = load(
        '[tool.stepwell.ai]\nbase_url = "http://localhost:1/v1"\nkey_variable = "KEY"\nmodels = {"@cf/m" = "small"}\n'
    ).worker_env["AI"]

    settings = {"base_url": "http://localhost:1/v1", "key_variable": "KEY", "models": {"@cf/m": "small"}}
    assert {"kind": "host", "type": "ai", "options": settings} == entry


def test_variable(load, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment takes over from the file."""
    monkeypatch.setenv("STEPWELL_AI_URL", "http://localhost:2/v1")

    entry = load('[tool.stepwell.ai]\nbase_url = "http://localhost:1/v1"\n').worker_env["AI"]

    assert "http://localhost:2/v1" == entry["options"]["base_url"]


def test_stub(load) -> None:
    """A stub takes the place of any binding."""
    env = load('[tool.stepwell.stubs]\nINDEX = "fakes:Index"\nAI = "fakes:run"\n').worker_env

    assert {"kind": "host", "type": "stub", "options": {"target": "fakes:Index"}} == env["INDEX"]
    assert "stub" == env["AI"]["type"]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[tool.stepwell]\nai = 3\n", r"tool\.stepwell\.ai is 3; it must be a table"),
        ("[tool.stepwell.ai]\nurl = 'x'\n", r"tool\.stepwell\.ai has no key 'url'. It has: base_url"),
        ("[tool.stepwell.ai]\nbase_url = 3\n", r"base_url is 3; it must be a string"),
        ("[tool.stepwell.ai]\nbase_url = 'localhost'\n", r"base_url is 'localhost'; it must be an address"),
        ("[tool.stepwell.ai]\nmodels = {a = 1}\n", r"models.'a' is 1; it must be a string"),
        ("[tool.stepwell.stubs]\nINDEX = 'fakes'\n", r"stubs.INDEX is 'fakes'; it must be 'module:name'"),
        ("[tool.stepwell.stubs]\nX = 'fakes:x'\n", r"stubs.X stands for no binding of the configuration: AI, INDEX"),
    ],
)
def test_refused(load, toml: str, message: str) -> None:
    """What does not fit is an error with the file, the key and what was found."""
    with pytest.raises(InputError, match=message):
        load(toml)


def test_stub_in_javascript(load) -> None:
    """Stubs are Python's."""
    with pytest.raises(InputError, match=r"are modules in Python, and worker\.js is not"):
        load("[tool.stepwell.stubs]\nINDEX = 'fakes:x'\n", "worker.js")
