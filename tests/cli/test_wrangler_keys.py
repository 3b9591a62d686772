"""
The keys of wrangler's own schema: each is known by name.

`wrangler_keys.json` has their names, from `config-schema.json` of the npm package wrangler in the version it names.
"""

import json
from pathlib import Path

import pytest

from stepwell.config import schema
from stepwell.config.keys import KEYS, Scope
from stepwell.wrangler import load_config

SCHEMA = json.loads(Path(__file__).with_name("wrangler_keys.json").read_text(encoding="utf-8"))
PARTS = {
    "workflows": schema.WorkflowEntry,
    "workflows.limits": schema.LimitsEntry,
    "dev": schema.DevSettings,
    "triggers": schema.Triggers,
    "services": schema.ServiceEntry,
    "secrets": schema.Secrets,
}


def test_top_level():
    """The keys that may stand at the top level alone are those of the schema."""
    assert set(SCHEMA["top_level"]) == {name for name, key in KEYS.items() if key.scope is Scope.TOP_LEVEL}


def test_environments():
    """The keys that may stand in an environment are those of the schema."""
    assert set(SCHEMA["environment"]) == {name for name, key in KEYS.items() if key.scope is not Scope.TOP_LEVEL}


@pytest.mark.parametrize("path", PARTS)
def test_parts(path):
    """The keys of a part that Stepwell reads are all known, so that none of wrangler's is reported as unknown."""
    assert set(SCHEMA["nested"][path]) <= set(PARTS[path].model_fields)


@pytest.mark.parametrize("name", [*SCHEMA["top_level"], *SCHEMA["environment"]])
def test_nearest_name(tmp_path, monkeypatch, name):
    """A key with a letter too many is reported with its line and the name that is meant."""
    monkeypatch.delenv("CLOUDFLARE_ENV", raising=False)
    (tmp_path / "entry.py").write_text("")
    path = tmp_path / "wrangler.jsonc"
    path.write_text('{\n  "main": "entry.py",\n' + f'  "{name}x": 1\n' + "}")

    config = load_config(path)

    [warning] = [each for each in config.warnings if f"{name}x" in each]
    assert "wrangler.jsonc:3: " in warning
    assert f"'{name}'" in warning
