"""`assets` of the configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stepwell.exceptions import InputError
from stepwell.wrangler import load_config

if TYPE_CHECKING:
    from pathlib import Path


def config(folder: Path, assets: object) -> Path:
    """A project with *assets*, whose folder `public` exists."""
    (folder / "public").mkdir()
    (folder / "worker.py").write_text("", encoding="utf-8")
    path = folder / "wrangler.json"
    path.write_text(json.dumps({"name": "w", "main": "worker.py", "assets": assets}, indent=1), encoding="utf-8")
    return path


def test_binding_and_serving(tmp_path: Path) -> None:
    given = {
        "directory": "./public",
        "binding": "ASSETS",
        "not_found_handling": "404-page",
        "run_worker_first": ["/api/*"],
    }
    project = load_config(config(tmp_path, given))
    expected = {
        "directory": str(tmp_path / "public"),
        "not_found_handling": "404-page",
        "run_worker_first": ["/api/*"],
    }
    assert project.assets == expected
    assert project.worker_env == {"ASSETS": {"kind": "host", "type": "assets", "options": expected}}


def test_without_a_binding(tmp_path: Path) -> None:
    project = load_config(config(tmp_path, {"directory": "public"}))
    assert project.assets == {"directory": str(tmp_path / "public")}
    assert project.worker_env == {}


@pytest.mark.parametrize(
    ("assets", "words"),
    [
        ({"directory": "dist"}, r"wrangler\.json:5.*assets\.directory is 'dist', and there is no such folder"),
        ({"directory": "public", "html_handling": "odd"}, r"assets\.html_handling"),
        ({"directory": "public", "run_worker_first": 1}, r"assets\.run_worker_first"),
    ],
)
def test_refused(tmp_path: Path, assets: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_config(config(tmp_path, assets))


def assets_alone(folder: Path, **keys: object) -> Path:
    path = folder / "wrangler.json"
    path.write_text(json.dumps({"name": "w", **keys}, indent=1), encoding="utf-8")
    return path


def test_assets_alone(tmp_path: Path) -> None:
    """A project may have assets and no code."""
    (tmp_path / "public").mkdir()

    project = load_config(assets_alone(tmp_path, assets={"directory": "public"}))

    assert "assets_only.mjs" == project.main.name
    assert project.main.is_file()
    assert {"directory": str(tmp_path / "public")} == project.assets


@pytest.mark.parametrize("keys", [{}, {"assets": {"binding": "A"}}])
def test_nothing(tmp_path: Path, keys: dict[str, object]) -> None:
    """A project with neither is refused, and the message names what it can have."""
    with pytest.raises(InputError, match=r"main is missing\. A project without it has `assets`"):
        load_config(assets_alone(tmp_path, **keys))
