"""What Cloudflare's own tests run with in the place of Cloudflare's tools."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def uv(tmp_path_factory):
    """A folder whose `uv` is ours, for the path of upstream's tests."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "uv"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "uv_command.py"}" "$@"\n')
    script.chmod(0o755)
    return folder
