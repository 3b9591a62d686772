"""`stepwell sync`: lock and install what a workflow declares, for each runtime."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.host_process import host_root
from stepwell.node import find_node
from stepwell.packages.adapters import adapters_of, install_adapters, resolvable_requirements
from stepwell.packages.declaration import Declaration, check_requirements, find_declaration
from stepwell.packages.locks import annotate, is_lock_of, locked_python, locked_versions
from stepwell.packages.older_versions import OlderVersion, older_than_newest
from stepwell.packages.origins import install_libraries, installable_lock, note_origins
from stepwell.packages.package_folder import PREPARED, RUNTIMES, STAMP, PackageFolder, PackageRuntime
from stepwell.packages.resolution import resolve
from stepwell.packages.resolution_error import resolution_failure
from stepwell.packages.uv import Uv, interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAFT = ".stepwell-sync-"
EXIT_CODES = """\b
Exit codes:
  0    what is declared is installed
  1    it is not (--check)
  2    it cannot be: what is declared, no package that fits, no network
"""


@click.command(epilog=EXIT_CODES, short_help="Lock and install the packages that a workflow declares.")
@click.argument("target", default=".")
@click.option(
    "--runtime",
    "runtimes",
    multiple=True,
    type=click.Choice(RUNTIMES),
    help="For this runtime; repeatable. Default: those that are locked already, else pyodide.",
)
@click.option(
    "--python",
    metavar="PATH",
    help="The Python of runtime cpython. Default: the project's own (.venv), else the one that runs stepwell.",
)
@click.option("--upgrade", is_flag=True, help="Lock the newest versions that fit, not those of the lock file.")
@click.option("--allow-old", is_flag=True, help="Lock versions that are years older than the newest one, too.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 where a sync is needed.")
def sync(  # noqa: PLR0913 - one for each option
    target: str,
    runtimes: tuple[PackageRuntime, ...],
    python: str | None,
    *,
    upgrade: bool,
    allow_old: bool,
    check: bool,
) -> None:
    """
    Lock and install the packages that TARGET declares: a file, or a folder (default: this one).

    They are declared in a PEP 723 block of the file, or in `[project] dependencies` of the pyproject.toml beside or
    above it. They are locked in pylock.toml and installed in python_modules. Indexes are those that uv, or else pip,
    is configured for.
    """
    declaration = declared_by(target)
    folders = [PackageFolder(declaration, runtime) for runtime in runtimes or _usual(declaration)]
    if check:
        problems = [(folder, problem) for folder in folders if (problem := folder.problem())]
        for folder, problem in problems:
            click.echo(f"{folder.runtime}: the dependencies of {declaration.path} {problem}.", err=True)
        raise SystemExit(exit_codes.ERRORED if problems else exit_codes.COMPLETE)
    check_requirements(declaration)
    for folder in folders:
        bring_up_to_date(folder, python=python, upgrade=upgrade, allow_old=allow_old)


def declared_by(target: str) -> Declaration:
    """
    What *target*, a file or folder, declares.

    Raises:
        InputError: It is neither, or declares nothing.
    """
    path = Path(target).absolute()
    if not path.exists():
        raise InputError(f"TARGET {target!r} does not exist.")
    if path.is_file() and path.suffix != ".py":
        raise InputError(f"TARGET {target!r} is no Python file. What JavaScript imports is installed by npm.")
    found = find_declaration(path)
    if found is None:
        raise InputError(
            f"{target} declares no packages: there is no '# /// script' block in a file, and no pyproject.toml with "
            f"[project] beside or above it.{_files_that_declare(path)}"
        )
    return found


def _files_that_declare(folder: Path) -> str:
    """Names the files of *folder* that have a block of their own."""
    files = sorted(folder.glob("*.py")) if folder.is_dir() else []
    names = [path.name for path in files if path.is_file() and find_declaration(path) is not None]
    return "".join(f" {name} declares its own: run `stepwell sync {name}`." for name in names[:3])


def _usual(declaration: Declaration) -> list[PackageRuntime]:
    return [runtime for runtime in RUNTIMES if PackageFolder(declaration, runtime).lock.exists()] or ["pyodide"]


def bring_up_to_date(folder: PackageFolder, *, python: str | None, upgrade: bool, allow_old: bool) -> None:
    """
    Lock and install what is declared at *folder*; until all is there, what was there stays.

    Raises:
        InputError: It cannot be done.
    """
    with only_one(folder.root):
        clean_up(folder)
        if folder.problem() is None and not upgrade:
            again = (folder.modules / PREPARED).exists() and prepare(folder)
            note = "; made anew what interpreters start from" if again else ""
            click.echo(f"{folder.runtime}: up to date ({folder.modules.name}){note}.")
            return
        uv = Uv(
            folder.root,
            interpreter(folder.runtime, folder.declaration.path, python),
            builds=folder.runtime == "cpython",
        )
        draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=folder.root))
        # Beside the lock file, for it may name files by paths relative to itself.
        lock = folder.root / f"pylock.{draft.name.lstrip('.')}.toml"
        try:
            _make_lock(folder, uv, lock, upgrade=upgrade, allow_old=allow_old)
            modules = draft / "modules"
            _install(folder, uv, lock, modules)
            _exchange(folder, modules, lock)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            lock.unlink(missing_ok=True)
    if folder.runtime == "pyodide":
        prepare(folder)
    number = len(locked_versions(folder.lock))
    packages = "1 package" if number == 1 else f"{number} packages"
    click.echo(f"{folder.runtime}: {packages} locked in {folder.lock.name}, installed in {folder.modules.name}.")


def _make_lock(folder: PackageFolder, uv: Uv, lock: Path, *, upgrade: bool, allow_old: bool) -> None:
    declaration = folder.declaration
    requirements = resolvable_requirements(declaration)
    if folder.lock.is_file():
        fits = is_lock_of(folder.lock, declaration)
        shutil.copyfile(folder.lock, lock)
        if fits and not upgrade:
            return
    resolution = resolve(folder, uv, requirements, lock, upgrade=upgrade)
    if not resolution.answer.ok:
        raise InputError(resolution_failure(resolution))
    _check_python(declaration, folder.runtime, locked_python(lock))
    annotate(lock, declaration, folder.runtime, note_origins(resolution, lock))
    if folder.runtime != "cpython":
        older = list(older_than_newest(resolution, lock))
        for each in older:
            if each.declared or each.is_old:
                click.echo(f"Warning: {each}", err=True)
        if not allow_old and any(each.is_old for each in older):
            _confirm([each for each in older if each.is_old])


def _confirm(old: list[OlderVersion]) -> None:
    names = ", ".join(f"{each.name} {each.locked}" for each in old)
    if sys.stdin is not None and sys.stdin.isatty() and click.confirm(f"Lock {names} all the same?", err=True):
        return
    raise InputError(f"{names}: years older than the newest version; nothing was changed. Allow that with --allow-old.")


def _check_python(declaration: Declaration, runtime: PackageRuntime, version: str) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - beside what is imported above

    try:
        wanted = SpecifierSet(declaration.requires_python)
    except InvalidSpecifier:
        raise InputError(
            f"{declaration.path}: requires-python is {declaration.requires_python!r}, which is no range of versions."
        ) from None
    if version and not wanted.contains(version, prereleases=True):
        raise InputError(f"{declaration.path} requires Python {wanted}; runtime {runtime} has {version}.")


def _install(folder: PackageFolder, uv: Uv, lock: Path, modules: Path) -> None:
    with installable_lock(folder, lock) as complete:
        answer = uv.install(complete, modules)
    if not answer.ok:
        raise InputError(
            f"What {folder.lock.name} says cannot be installed for runtime {folder.runtime}; nothing was changed.\n"
            f"{answer.text}"
        )
    modules.mkdir(exist_ok=True)
    install_libraries(folder, lock, modules)
    (modules / ".lock").unlink(missing_ok=True)
    (modules / ".gitignore").write_text("*\n", encoding="utf-8")
    install_adapters(folder.declaration, modules)
    if folder.runtime == "cpython":
        _compile(uv.python, modules)


def _compile(python: str, modules: Path) -> None:
    """Compile the packages once, for interpreters write nothing there: each would compile all that it imports."""
    # Templates of packages need not be Python. What cannot be compiled is compiled at its import, or never.
    command = [python, "-m", "compileall", "-q", "-j", "0", os.fspath(modules)]
    subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603 - our own


def _exchange(folder: PackageFolder, modules: Path, lock: Path) -> None:
    """Put the new lock and the new packages in their folders. Killed in between, what `problem` finds is right."""
    lock.replace(folder.lock)
    stamp = {
        "declared": list(folder.declaration.requirements),
        "adapters": {adapter.package: adapter.digest() for adapter in adapters_of(folder.declaration.requirements)},
        "runtime": folder.runtime,
        "lock": folder.lock_digest(),
        "bytes": sum(path.stat().st_size for path in modules.rglob("*") if path.suffix in {".py", ".so"}),
        "distributions": sorted(path.name for path in modules.glob("*.dist-info")),
    }
    (modules / STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    if folder.modules.exists():
        folder.modules.rename(folder.aside)
    modules.rename(folder.modules)
    shutil.rmtree(folder.aside, ignore_errors=True)


def prepare(folder: PackageFolder) -> bool:
    """
    Let interpreters start with what the project's modules import of the packages, where that is worth it.

    Where it cannot be done they start more slowly, no more, and a warning says so.

    Returns:
        Whether anything had to be made for it.
    """
    command = [find_node().path, host_root() / "js" / "server" / "prepare.js", folder.root, folder.modules]
    done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603 - our own
    outcome = done.stdout.strip()
    prepared = folder.modules / PREPARED
    if outcome in {b"made", b"found"}:
        prepared.touch()
    else:
        prepared.unlink(missing_ok=True)
    if done.returncode:
        click.echo(
            "Warning: no snapshot can be made with the packages that the modules import; interpreters start slowly.",
            err=True,
        )
    return outcome == b"made"


def clean_up(folder: PackageFolder) -> None:
    """Finish or remove what a sync that was killed has left. Only for who holds `only_one`."""
    folder.recover()
    shutil.rmtree(folder.aside, ignore_errors=True)
    for left in folder.root.glob(f"{DRAFT}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in folder.root.glob(f"pylock.{DRAFT.lstrip('.')}*.toml"):
        left.unlink(missing_ok=True)


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """
    Keep other syncs out of *folder*. The lock is the operating system's, on the folder itself: nothing stale is left.

    Raises:
        InputError: The folder cannot be written.
    """
    if not os.access(folder, os.W_OK):
        raise InputError(f"{folder} cannot be written; the packages are kept beside the file that declares them.")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            click.echo(f"Another sync is at work in {folder}; waiting for it.", err=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
