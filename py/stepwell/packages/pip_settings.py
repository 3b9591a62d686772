"""pip's configuration of indexes, for people who have told pip and not uv where packages come from."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache

SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
}
"""What uv reads, by pip's name."""
UV_INDEXES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_CONFIG_FILE",
)


@cache
def pip_settings() -> dict[str, str]:
    """Pip's indexes as variables for uv; empty where uv has been told itself, or there is no pip."""
    if any(name in os.environ for name in UV_INDEXES):
        return {}
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603
    found: dict[str, str] = {}
    # Later lines count more: the environment comes last.
    for line in sorted(done.stdout.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        name = SETTINGS.get(key.rpartition(".")[2])
        if name is None:
            continue
        try:
            text = str(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            continue
        found[name] = " ".join(text.split())
    if "UV_FIND_LINKS" in found:
        found["UV_FIND_LINKS"] = ",".join(found["UV_FIND_LINKS"].split())
    if "UV_INDEX" in found or "UV_FIND_LINKS" in found:
        # pip looks in all of them, and takes the best.
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return found
