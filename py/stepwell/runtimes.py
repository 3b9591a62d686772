"""What runs a project's workflows: what the command says, else ``pyproject.toml``, else what the file's name does."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from stepwell.exceptions import InputError
from stepwell.packages.place import is_prepared
from stepwell.sealed import sealed_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stepwell.packages.place import Runtime as PackageRuntime
    from stepwell.project import Target

DEFAULTS = {".py": "pyodide", ".js": "javascript", ".mjs": "javascript", ".ts": "javascript", ".mts": "javascript"}
"""The runtime where nothing is said, by the suffix of the main file."""
FOR_PYTHON = ("pyodide", "cpython", "wasmtime")
"""Those that one can choose. JavaScript has one runtime."""

Runtime = dict[str, object]
"""Its ``name``, and its own options, as the host takes it."""
F = TypeVar("F", bound="Callable[..., Any]")


UPSTREAM_SDK = "workers-runtime-sdk"
"""Cloudflare's own Python SDK, as PyPI has it."""


def runtime_options(command: F) -> F:
    """Add `--runtime`, `--python` and `--sdk`."""
    command = click.option(
        "--sdk",
        metavar="NAME",
        help=f"What workflows import as `workers`: own, or upstream for the {UPSTREAM_SDK} that is installed beside "
        "stepwell (pip install 'stepwell[upstream-sdk]'). For development. Default: own.",
    )(command)
    command = click.option(
        "--python",
        metavar="PATH",
        help="The Python of --runtime cpython. Default: the project's own (.venv), else the one that runs stepwell.",
    )(command)
    return click.option(
        "--runtime",
        metavar="NAME",
        help=f"What runs Python workflows: {', '.join(FOR_PYTHON)}. Default: {FOR_PYTHON[0]}, or what pyproject.toml "
        "says under [tool.stepwell].",
    )(command)


def choose_runtime(main: Path, name: str | None = None, python: str | None = None, sdk: str | None = None) -> Runtime:
    """
    The runtime for the workflows in *main*.

    Args:
        main: The file.
        name: The runtime that was asked for, if any.
        python: The Python that was asked for, if any; it asks for cpython, too.
        sdk: The SDK that was asked for, if any.

    Raises:
        InputError: There is no such runtime, or it cannot run such a file, or there is no such Python.
    """
    default = DEFAULTS[main.suffix]
    if default != FOR_PYTHON[0]:
        if name not in (None, default) or python is not None or sdk is not None:
            raise InputError(
                f"{main.name} runs in runtime {default}; --runtime, --python and --sdk are for Python workflows."
            )
        return {"name": default}
    settings = _settings(main)
    if name is None:
        name = "cpython" if python is not None else settings.get("runtime", default)
    if name not in FOR_PYTHON:
        raise InputError(f"There is no runtime {name!r} for Python workflows. There are {', '.join(FOR_PYTHON)}.")
    if _is_upstream(sdk) and name != "pyodide":
        raise InputError("--sdk upstream is for --runtime pyodide: it needs JavaScript beside it.")
    if name != "cpython":
        if python is not None:
            raise InputError(f"--python is for --runtime cpython; runtime {name} brings its own Python.")
        if name == "wasmtime":
            return {"name": name, "sealed": sealed_settings(_table(main))}
        return {"name": name, "sdk": str(_find_sdk())} if _is_upstream(sdk) else {"name": name}
    return {"name": name, "python": str(_find_python(main, python or settings.get("python")))}


def runtime_name(runtime: Runtime) -> PackageRuntime:
    """Its name, by which packages are installed for it."""
    return cast("PackageRuntime", runtime["name"])


def _is_upstream(sdk: str | None) -> bool:
    if sdk not in (None, "own", "upstream"):
        raise InputError(f"There is no SDK {sdk!r}. There are own and upstream.")
    return sdk == "upstream"


def find_upstream_sdk() -> Path | None:
    """The folder in which Cloudflare's own Python SDK is installed, or None."""
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - takes a while

    try:
        return Path(str(distribution(UPSTREAM_SDK).locate_file(""))).resolve()
    except PackageNotFoundError:
        return None


def _find_sdk() -> Path:
    folder = find_upstream_sdk()
    if folder is None:
        raise InputError(f"{UPSTREAM_SDK} is not installed here. Install it: pip install 'stepwell[upstream-sdk]'")
    return folder


def likely_runtime(
    target: Target, name: str | None = None, python: str | None = None, sdk: str | None = None
) -> Runtime | None:
    """The runtime that is worth starting before *target* has been read; None where none is, or that is unclear."""
    main = target.main or _likely_main(target.config)
    if main is None:
        return None
    runtime = choose_runtime(main, name, python, sdk)
    # One that has its packages imported takes the place of the one that would be started.
    return None if runtime["name"] == "pyodide" and is_prepared(main) else runtime


def _likely_main(config: Path | None) -> Path | None:
    try:
        text = config.read_text(encoding="utf-8", errors="replace") if config else ""
    except OSError:
        return None
    # A guess, right for every file that is not written to mislead; who reads it properly says what is wrong with it.
    found = re.search(r"""\bmain["']?\s*[:=]\s*["']([^"'\n]*\.py)["']""", text)
    return config.parent / found[1] if found and config else None


def _settings(main: Path) -> dict[str, str]:
    path, found = _table(main)
    settings: dict[str, str] = {key: found[key] for key in ("runtime", "python") if key in found}
    for key, value in settings.items():
        if not isinstance(value, str):
            raise InputError(f"{path}: tool.stepwell.{key} is {value!r}; it must be a string.")
    if "python" in settings:
        settings["python"] = str(path.parent / Path(settings["python"]).expanduser())
    return settings


def _table(main: Path) -> tuple[Path, dict[str, Any]]:
    """What the nearest ``pyproject.toml`` says under ``[tool.stepwell]``, and where that is."""
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


def _find_python(main: Path, given: str | None) -> Path:
    if given is not None:
        path = Path(given).expanduser()
        if path.is_dir():
            path /= "bin/python"
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
