"""`stepwell build`: a wheel of the user's own native code for runtime pyodide, by pyodide-build and its toolchain."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.formatting import command
from stepwell.host_process import host_root
from stepwell.options import PATH
from stepwell.packages.uv import interpreter


@dataclass(frozen=True, slots=True)
class Wanted:
    """What Pyodide's wheels are built with: the toolchain has to be the one that Pyodide itself was built with."""

    pyodide: str
    python: str
    emscripten: str


@dataclass(frozen=True, slots=True)
class MissingTool:
    """A part of the toolchain that is not there, and how to get it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}\n    {self.remedy}"


EXIT_CODES = """\b
Exit codes:
  0    the wheel is in OUTDIR
  1    the build failed
  2    something is missing
"""


@click.command(epilog=EXIT_CODES, short_help="Build a wheel of native code for runtime pyodide.")
@click.argument("source", default=".", type=PATH)
@click.option("--outdir", "-o", default="dist", show_default=True, type=PATH, help="Where the wheel is put.")
@click.option("--check", is_flag=True, help="Build nothing; say whether the toolchain is there.")
def build(source: Path, outdir: Path, *, check: bool) -> None:
    """
    Build a wheel of SOURCE, a Python project with native code, for runtime pyodide.

    pyodide-build does it, with Emscripten and Pyodide's cross-build environment. None of these is downloaded: what is
    missing is named, with the command that gets it.
    """
    wanted = read_wanted()
    tool = find_pyodide_build()
    if missing := find_missing(wanted, tool):
        listed = "\n".join(f"  * {each}" for each in missing)
        raise InputError(f"A wheel for Pyodide {wanted.pyodide} cannot be built here. Missing:\n{listed}")
    if check:
        click.echo(f"The toolchain of Pyodide {wanted.pyodide} is here.")
        return
    if not any((source / name).is_file() for name in ("pyproject.toml", "setup.py")):
        raise InputError(
            f"SOURCE {os.fspath(source)!r} is no Python project: it has no pyproject.toml and no setup.py."
        )
    assert tool is not None  # noqa: S101 - or it would be missing
    before = _wheels_in(outdir)
    done = subprocess.run(build_command(tool, source, outdir), check=False, stdin=subprocess.DEVNULL)  # noqa: S603
    if done.returncode:
        click.echo(f"pyodide-build has failed with exit code {done.returncode}; what it said is above.", err=True)
        raise SystemExit(exit_codes.ERRORED)
    # One that was built before is replaced under the same name.
    for wheel, _ in sorted(_wheels_in(outdir) - before):
        click.echo(
            f"{wheel}\nTo use it, tell uv of its folder ([tool.uv] find-links), declare it, and run: stepwell sync"
        )


def _wheels_in(folder: Path) -> set[tuple[Path, int]]:
    """The wheels in *folder*, and when each was written."""
    return {(path, path.stat().st_mtime_ns) for path in folder.glob("*.whl")}


def build_command(tool: Path, source: Path, outdir: Path) -> list[str]:
    """What is run. pyodide-build would fetch a toolchain that it does not find."""
    return [os.fspath(tool), "build", os.fspath(source), "--outdir", os.fspath(outdir), "--skip-emscripten-install"]


def find_pyodide_build() -> Path | None:
    """The command `pyodide` beside the Python that runs this, or on the path."""
    found = shutil.which("pyodide", path=os.fspath(Path(sys.executable).parent)) or shutil.which("pyodide")
    return Path(found) if found else None


def find_missing(wanted: Wanted, tool: Path | None) -> list[MissingTool]:
    """Each part of the toolchain that is not there or is not the right one."""
    if tool is None:
        return [
            MissingTool(
                f"pyodide-build, in a Python {wanted.python}",
                f"Install 'stepwell[build]' in a Python {wanted.python}, or pyodide-build in one whose bin is on PATH.",
            ),
            *_missing_environment(wanted, ""),
            *_missing_emscripten(wanted, shutil.which("emcc")),
        ]
    version = _ask(tool, "xbuildenv", "version")
    emcc = shutil.which("emcc")
    if not emcc and version:
        emcc = shutil.which("emcc", path=_ask(tool, "config", "get", "emscripten_dir"))
    return [*_missing_environment(wanted, version), *_missing_emscripten(wanted, emcc)]


def _missing_environment(wanted: Wanted, version: str) -> list[MissingTool]:
    if version == wanted.pyodide:
        return []
    found = f" (there is that of {version})" if version else ""
    return [
        MissingTool(
            f"the cross-build environment of Pyodide {wanted.pyodide}{found}",
            f"It is downloaded by: {command('pyodide', 'xbuildenv', 'install', wanted.pyodide)}",
        )
    ]


def _missing_emscripten(wanted: Wanted, emcc: str | None) -> list[MissingTool]:
    version = ""
    if emcc:
        match = re.search(r"\b(\d+\.\d+\.\d+)\b", _ask(Path(emcc), "--version"))
        version = match.group(1) if match else "an unknown version"
    if version == wanted.emscripten:
        return []
    found = f" ({emcc} is {version})" if version else ""
    return [
        MissingTool(
            f"Emscripten {wanted.emscripten}{found}",
            f"It is downloaded by: {command('pyodide', 'xbuildenv', 'install-emscripten')}",
        )
    ]


def _ask(program: Path, *arguments: str) -> str:
    """What *program* says; empty where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own toolchain
            [program, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def read_wanted() -> Wanted:
    """What our Pyodide says of itself."""
    package = json.loads((host_root() / "node_modules" / "pyodide" / "package.json").read_text(encoding="utf-8"))
    script = "import platform, sysconfig; print(platform.python_version(), sysconfig.get_platform())"
    answer = _ask(Path(interpreter("pyodide", host_root())), "-c", script)
    match = re.fullmatch(r"(\d+\.\d+)\.\S+ emscripten-([\d.]+)-wasm32", answer)
    if match is None:
        raise InputError(f"Pyodide does not say what it was built with: {answer!r}.")
    return Wanted(package["version"], match.group(1), match.group(2))
