"""What runs a project's workflows: what the command says, else ``pyproject.toml``, else what the file's name does."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from stepwell.exceptions import InputError
from stepwell.interpreters import find_python, project_settings, project_table
from stepwell.target import DEFAULT_RUNTIMES
from stepwell.wasmtime_settings import wasmtime_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.packages.package_folder import PackageRuntime
    from stepwell.target import Target

FOR_PYTHON = ("pyodide", "cpython", "wasmtime")
"""Those that one can choose. JavaScript has one runtime."""

Runtime = dict[str, object]
"""Its ``name``, and its own options, as the host takes it."""
F = TypeVar("F", bound="Callable[..., Any]")

_BOUND = re.compile(
    r"""\b(kv_namespaces|d1_databases|r2_buckets|ratelimits|analytics_engine_datasets|images|assets)["']?\s*[:=\]]"""
)
"""A key of a configuration that adds a binding which workerd carries out (`js/bindings/options.js`)."""


@dataclass(frozen=True, slots=True)
class Warm:
    """What an interpreter is needed for soon: a main file, and what runs it."""

    main: Path
    runtime: Runtime

    def to_json(self) -> str:
        """As a host takes it."""
        return json.dumps({"main": str(self.main), "runtime": self.runtime})


UPSTREAM_SDK = "workers-runtime-sdk"
"""Cloudflare's own Python SDK, as PyPI has it."""


def runtime_options(command: F) -> F:
    """Add `--runtime`, `--python`, `--sdk` and `--untrusted`."""
    command = click.option(
        "--untrusted",
        is_flag=True,
        help="Run code that you do not trust: only in the sandbox, which is --runtime wasmtime.",
    )(command)
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


SANDBOX = "wasmtime"
"""The runtime that is a security boundary."""


def choose_runtime(
    main: Path,
    name: str | None = None,
    python: str | None = None,
    sdk: str | None = None,
    *,
    untrusted: bool = False,
) -> Runtime:
    """
    The runtime for the workflows in *main*.

    Args:
        main: The file.
        name: The runtime that was asked for, if any.
        python: The Python that was asked for, if any; it asks for cpython, too.
        sdk: The SDK that was asked for, if any.
        untrusted: Choose the sandbox, or nothing.

    Raises:
        InputError: There is no such runtime, or it cannot run such a file, or there is no such Python.
    """
    default = DEFAULT_RUNTIMES[main.suffix]
    if untrusted:
        _check_untrusted(main, default, name)
        name = SANDBOX
    if default != FOR_PYTHON[0]:
        if name not in (None, default) or python is not None or sdk is not None:
            raise InputError(
                f"{main.name} runs in runtime {default}; --runtime, --python and --sdk are for Python workflows."
            )
        return {"name": default}
    settings = project_settings(main)
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
            return {"name": name, "sandbox": wasmtime_settings(project_table(main))}
        return {"name": name, "sdk": str(_find_sdk())} if _is_upstream(sdk) else {"name": name}
    return {"name": name, "python": str(find_python(main, python))}


def _check_untrusted(main: Path, default: str, name: str | None) -> None:
    if default != FOR_PYTHON[0]:
        raise InputError(f"{main.name} cannot be run with --untrusted: JavaScript workflows have no sandbox.")
    if name not in (None, SANDBOX):
        raise InputError(f"--untrusted needs the sandbox, --runtime {SANDBOX}; --runtime {name} is no boundary.")


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


def likely_main(
    target: Target,
    name: str | None = None,
    python: str | None = None,
    sdk: str | None = None,
    *,
    untrusted: bool = False,
) -> Warm | None:
    """The main file that *target* probably has, with its runtime; None where that is unclear."""
    main = target.main or _likely_main(target.config)
    if main is None:
        return None
    return Warm(main, choose_runtime(main, name, python, sdk, untrusted=untrusted))


def likely_bound(target: Target) -> bool:
    """Whether *target* probably has bindings that workerd carries out."""
    return _BOUND.search(_text_of(target.config)) is not None


def _text_of(config: Path | None) -> str:
    try:
        return config.read_text(encoding="utf-8", errors="replace") if config else ""
    except OSError:
        return ""


def _likely_main(config: Path | None) -> Path | None:
    text = _text_of(config)
    # A guess, right for every file that is not written to mislead; who reads it properly says what is wrong with it.
    found = re.search(r"""\bmain["']?\s*[:=]\s*["']([^"'\n]*\.py)["']""", text)
    return config.parent / found[1] if found and config else None
