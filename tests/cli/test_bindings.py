"""`stepwell bindings`: whether what carries out bindings is there, what is said where it is not, and when it starts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stepwell.bindings import STAMP
from stepwell.config.binding_keys import BINDING_KEYS
from stepwell.runtimes import likely_bound
from stepwell.target import find_target

if TYPE_CHECKING:
    from pathlib import Path

    from places import Place

OF_THE_HOST = {"queue", "durable_object", "version_metadata"}
"""Types of bindings that the host carries out without workerd."""
BOUND_KEYS = [
    key.path[0] for key in BINDING_KEYS if key.entry and key.entry({}).get("type", "queue") not in OF_THE_HOST
]


@pytest.fixture
def installation(place: Place) -> Path:
    """The folder that the installation would be in."""
    folder = place.folder / "bindings"
    place.environment["STEPWELL_BINDINGS"] = str(folder)
    return folder


def test_status_of_nothing(place: Place, installation: Path) -> None:
    done = place.run("bindings", "status")
    assert done.code == 1
    assert f"not installed in {installation}" in done.out
    assert "stepwell bindings install" in done.out


def test_status_of_another_version(place: Place, installation: Path) -> None:
    installation.mkdir()
    (installation / STAMP).write_text("of another lock file", encoding="utf-8")
    done = place.run("bindings", "status")
    assert done.code == 1
    assert "those of another Stepwell are there" in done.out


def test_remove_spares_other_folders(place: Place, installation: Path) -> None:
    installation.mkdir()
    (installation / "mine.txt").write_text("mine", encoding="utf-8")
    done = place.run("bindings", "remove")
    assert done.code == 2
    assert "left alone" in done.err
    assert (installation / "mine.txt").exists()


def test_remove(place: Place, installation: Path) -> None:
    installation.mkdir()
    (installation / STAMP).write_text("", encoding="utf-8")
    assert place.run("bindings", "remove").code == 0
    assert not installation.exists()


def test_call_without_the_installation(place: Place, installation: Path) -> None:
    """The project runs until it uses the binding, and the error names the command that installs it."""
    configuration = {
        "name": "worker",
        "main": "flow.py",
        "compatibility_date": "2026-09-10",
        "kv_namespaces": [{"binding": "KV", "id": "k"}],
        "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
    }
    place.write("wrangler.json", json.dumps(configuration))
    place.write(
        "flow.py",
        """
        from workers import WorkflowEntrypoint

        class Flow(WorkflowEntrypoint):
            async def run(self, event, step):
                try:
                    await self.env.KV.get("a")
                except Exception as error:
                    return str(error)
        """,
    )
    assert not installation.exists()
    done = place.run("run", ".", "--quiet")
    assert "Install it with: stepwell bindings install" in done.out, done.err


@pytest.mark.parametrize("key", BOUND_KEYS)
@pytest.mark.parametrize(
    ("suffix", "form"), [("jsonc", '{{"name": "a", "{key}" : []}}'), ("toml", "[[{key}]]"), ("toml", "[[env.b.{key}]]")]
)
def test_guess_of_a_bound_project(tmp_path: Path, key: str, suffix: str, form: str) -> None:
    """A project with a binding that workerd carries out is recognized by its text, so workerd can start early."""
    config = tmp_path / f"wrangler.{suffix}"
    config.write_text(form.format(key=key), encoding="utf-8")

    assert likely_bound(find_target(str(tmp_path)))


@pytest.mark.parametrize(
    "text", ['{"name": "images", "main": "assets/main.py", "vars": {}}', '{"ai": {"binding": "AI"}}']
)
def test_guess_of_an_unbound_project(tmp_path: Path, text: str) -> None:
    """Words that are no keys, and keys that need no workerd, start nothing."""
    config = tmp_path / "wrangler.jsonc"
    config.write_text(text, encoding="utf-8")

    assert not likely_bound(find_target(str(tmp_path)))
