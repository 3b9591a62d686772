"""Whether a workflow's packages are there, asked before it is run. Nothing is ever installed on the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.exceptions import InputError
from stepwell.formatting import command
from stepwell.packages.declaration import find_declaration
from stepwell.packages.package_folder import PackageFolder

if TYPE_CHECKING:
    from stepwell.packages.package_folder import PackageRuntime
    from stepwell.project import Project
    from stepwell.target import Target


def require_packages_of(project: Project, target: Target, runtime: PackageRuntime) -> None:
    """
    As `require_packages`, for what a TARGET names, where *runtime* runs it.

    Raises:
        InputError: Something is not installed.
    """
    # What JavaScript imports is npm's business.
    if project.main.suffix == ".py":
        require_packages(project.main, runtime, target.config.parent.resolve() if target.config else None)


def require_packages(main: Path, runtime: PackageRuntime, project: Path | None = None) -> None:
    """
    Raise unless what is declared for *main* is installed for *runtime*.

    A project file further above may be about something else; it counts once something was synced for it. So do the
    packages of runtime ``cpython``, which may have an environment of its own.

    Raises:
        InputError: It is not installed, or not in the version that is locked.
    """
    declaration = find_declaration(main, project)
    if declaration is None:
        return
    folder = PackageFolder(declaration, runtime)
    problem = folder.problem()
    begun = folder.lock.exists() or folder.modules.exists()
    if problem is None or (not begun and not _is_expected(folder)):
        return
    target = declaration.path if declaration.is_script else declaration.path.parent
    words = ["stepwell", "sync", _from_here(target), *([] if runtime == "pyodide" else ["--runtime", runtime])]
    raise InputError(f"The dependencies of {declaration.path} {problem}. Run: {command(*words)}")


def _is_expected(folder: PackageFolder) -> bool:
    declaration = folder.declaration
    return bool(declaration.requirements) and declaration.near and folder.runtime != "cpython"


def _from_here(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
