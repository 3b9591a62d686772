"""Which Python is a project's own, for runtime ``cpython``: one rule, for what runs there and for what is installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


def project_settings(main: Path) -> dict[str, str]:
    """
    What the project of *main* says of its ``runtime`` and its ``python``, the latter as a path from anywhere.

    Raises:
        InputError: It says something else.
    """
    path, found = project_table(main)
    settings: dict[str, str] = {key: found[key] for key in ("runtime", "python") if key in found}
    for key, value in settings.items():
        if not isinstance(value, str):
            raise InputError(f"{path}: tool.stepwell.{key} is {value!r}; it must be a string.")
    if "python" in settings:
        settings["python"] = str(path.parent / Path(settings["python"]).expanduser())
    return settings


def project_table(main: Path) -> tuple[Path, dict[str, Any]]:
    """
    What the nearest ``pyproject.toml`` says under ``[tool.stepwell]``, and where that is.

    Raises:
        InputError: It cannot be read.
    """
    for folder in _project_folders(main):
        path = folder / "pyproject.toml"
        if not path.is_file():
            continue
        import tomllib  # noqa: PLC0415 - few projects of one file have one

        try:
            return path, tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("stepwell", {})
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read: {error}") from error
    return main, {}


def _project_folders(main: Path) -> Iterator[Path]:
    """The folder of *main* and those around it, up to the one that is the project's."""
    for folder in main.absolute().parents:
        yield folder
        if (folder / "pyproject.toml").exists() or (folder / ".git").exists():
            return


def find_python(main: Path, given: str | None) -> Path:
    """
    The Python of runtime ``cpython`` for a project: the one that runs its workflows, and whose packages are installed.

    Args:
        main: A file of the project.
        given: What the command says, which comes first: an executable, or the folder of an environment.

    Returns:
        It, else what ``[tool.stepwell]`` says, else that of the project's ``.venv``, else the one that runs this.

    Raises:
        InputError: There is no such Python.
    """
    given = given or project_settings(main).get("python")
    if given is not None:
        path = Path(given).expanduser()
        if path.is_dir():
            path /= "bin/python"
        import shutil  # noqa: PLC0415 - loads what unpacks archives, too

        found = shutil.which(path)
        if found is None:
            raise InputError(f"{given!r} is not a Python: there is no executable of that name.")
        # Not resolved: a virtual environment is known by where its link stands.
        return Path(os.path.abspath(found))  # noqa: PTH100
    for folder in _project_folders(main):
        path = folder / ".venv" / "bin" / "python"
        if path.exists():
            return path
    return Path(sys.executable)
