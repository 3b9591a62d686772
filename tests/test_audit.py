"""The reports of the registries: silence is no good news."""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

spec = spec_from_file_location("audit", Path(__file__).parents[1] / "notices" / "audit.py")
audit = sys.modules["audit"] = module_from_spec(spec)
spec.loader.exec_module(audit)

LOOKED_UP = {"name": "click", "version": "8.1", "vulns": []}
WEAK = {"name": "click", "version": "8.0", "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}
SKIPPED = {"name": "click", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("dependencies", "code"),
    [([LOOKED_UP], 0), ([LOOKED_UP, WEAK], 1), ([LOOKED_UP, SKIPPED], 69), ([WEAK, SKIPPED], 1), ([], 69)],
)
def test_pip_audit(dependencies, code):
    """A package that could not be looked up is not taken for a sound one."""
    assert audit.of_pip_audit(json.dumps({"dependencies": dependencies})).exit_code == code


@pytest.mark.parametrize(
    ("report", "code"),
    [
        ({"vulnerabilities": {}}, 0),
        ({"vulnerabilities": {"hono": {"name": "hono", "severity": "high"}}}, 1),
        ({"message": "405 Method Not Allowed", "statusCode": 405}, 69),
    ],
)
def test_npm_audit(report, code):
    """A registry without advisories is not taken for one that knows of none."""
    assert audit.of_npm_audit(json.dumps(report)).exit_code == code


@pytest.mark.parametrize("text", ["", "not JSON", "[]", "null"])
def test_no_report(text):
    """A tool that has failed has looked nothing up."""
    assert [audit.of_pip_audit(text).exit_code, audit.of_npm_audit(text).exit_code] == [69, 69]
