"""`--sdk`: which package workflows import as `workers`."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell import runtimes
from stepwell.exceptions import InputError
from stepwell.runtimes import choose_runtime

FLOW = Path("flow.py")


def test_upstream(monkeypatch, tmp_path):
    """Cloudflare's own SDK is used from where it is installed."""
    monkeypatch.setattr(runtimes, "find_upstream_sdk", lambda: tmp_path)

    assert {"name": "pyodide", "sdk": str(tmp_path)} == choose_runtime(FLOW, sdk="upstream")


def test_own():
    """Our own is what there is by default, and may be asked for."""
    assert {"name": "pyodide"} == choose_runtime(FLOW) == choose_runtime(FLOW, sdk="own")


def test_not_installed(monkeypatch):
    """Where it is not installed, the refusal says how to install it."""
    monkeypatch.setattr(runtimes, "find_upstream_sdk", lambda: None)

    with pytest.raises(InputError, match=r"workers-runtime-sdk is not installed here\..*stepwell\[upstream-sdk\]"):
        choose_runtime(FLOW, sdk="upstream")


@pytest.mark.parametrize(
    ("main", "runtime", "sdk", "refusal"),
    [
        (FLOW, None, "upstraem", r"There is no SDK 'upstraem'\. There are own and upstream\."),
        (FLOW, "cpython", "upstream", r"--sdk upstream is for --runtime pyodide"),
        (Path("flow.mjs"), None, "upstream", r"--sdk are for Python workflows"),
    ],
)
def test_refused(main, runtime, sdk, refusal):
    """An SDK that there is not, or not there, is refused."""
    with pytest.raises(InputError, match=refusal):
        choose_runtime(main, runtime, sdk=sdk)
