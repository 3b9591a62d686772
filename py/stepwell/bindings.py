"""`stepwell bindings`: what carries out KV, D1, R2 and the like. It is installed apart, for its size."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.host_process import host_root
from stepwell.node import find_node

LOCK = "package-lock.json"
NPM_FILES = ("package.json", LOCK)
STAMP = ".stepwell-lock"
"""Holds the digest of the lock file whose packages are installed."""

EXIT_CODES = """\b
Exit codes:
  0    the bindings are installed
  1    they are not (status)
  2    they cannot be installed: no network, no space, a folder that cannot be written
"""


@click.group(epilog=EXIT_CODES, short_help="Install the programs behind Cloudflare's bindings.")
def bindings() -> None:
    """Install the programs behind KV, D1, R2, rate limits, Analytics Engine, Images and static assets."""


@bindings.command(epilog=EXIT_CODES, short_help="Install miniflare and workerd from npm (200 MB).")
def install() -> None:
    """Install miniflare and workerd from npm: 200 MB, in the versions of the lock file that comes with Stepwell."""
    folder = installation_folder()
    if is_installed(folder):
        click.echo(f"The bindings are installed in {folder}.")
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise InputError(f"{folder.parent} cannot be written: {error.strerror}. Set STEPWELL_BINDINGS.") from error
    try:
        _install(draft)
        # What was there stays until all that is new is there.
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    click.echo(f"The bindings are installed in {folder}.")


@bindings.command(epilog=EXIT_CODES)
def status() -> None:
    """Say whether the bindings are installed, and where."""
    folder = installation_folder()
    if is_installed(folder):
        click.echo(f"The bindings are installed in {folder}.")
        return
    found = "those of another Stepwell are there" if folder.exists() else "nothing is there"
    click.echo(f"The bindings are not installed in {folder}: {found}. Install them with: stepwell bindings install")
    raise SystemExit(exit_codes.ERRORED)


@bindings.command()
def remove() -> None:
    """Remove the installation. The data of the bindings stays where it is."""
    folder = installation_folder()
    if not folder.exists():
        click.echo(f"There is nothing in {folder}.")
        return
    if not (folder / STAMP).exists():
        raise InputError(f"{folder} was not made by `stepwell bindings install`, so it is left alone.")
    shutil.rmtree(folder)
    click.echo(f"Removed {folder}.")


def installation_folder() -> Path:
    """Where the installation is: `STEPWELL_BINDINGS`, else below the user's folder of data, as the host has it."""
    if given := os.environ.get("STEPWELL_BINDINGS"):
        return Path(given).absolute()
    base = os.environ.get("XDG_DATA_HOME", "")
    data = Path(base) if base else Path.home() / ".local" / "share"
    return data / "stepwell" / "bindings"


def is_installed(folder: Path) -> bool:
    """Whether *folder* has the packages of the lock file that comes with Stepwell."""
    try:
        return (folder / STAMP).read_text(encoding="utf-8") == _lock_digest()
    except OSError:
        return False


def _install(folder: Path) -> None:
    node = find_node().path
    for name in NPM_FILES:
        shutil.copyfile(_sources() / name, folder / name)
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command: list[str | Path] = [
        node,
        npm,
        "ci",
        "--ignore-scripts",
        "--no-progress",
        "--loglevel=error",
        "--no-fund",
        "--no-audit",
    ]
    environment = {**os.environ, "PATH": os.pathsep.join([os.fspath(node.parent), os.environ.get("PATH", os.defpath)])}
    done = subprocess.run(  # noqa: S603 - the npm of the Node that runs the host
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise InputError(f"npm could not install the bindings; nothing was changed.\n{done.stderr.strip()}")
    (folder / STAMP).write_text(_lock_digest(), encoding="utf-8")


def _lock_digest() -> str:
    return hashlib.sha256((_sources() / LOCK).read_bytes()).hexdigest()


def _sources() -> Path:
    return host_root() / "js" / "bindings" / "npm"
