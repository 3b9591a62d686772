"""`stepwell playground`: the workflows' editor and engine in a browser tab."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import click

from stepwell import exit_codes
from stepwell.exceptions import HostLostError, InputError, InternalError
from stepwell.host_process import host_root
from stepwell.node import find_node
from stepwell.packages.package_folder import FOLDER

DEFAULT_PORT = 8790
"""Always the same: a browser keeps what it stores by the port, too."""


@click.command(epilog=exit_codes.SHORT_HELP, short_help="Write and run workflows in a browser tab.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="Serve at this one; 0: any."
)
@click.option("--open", "opens", is_flag=True, help="Open it in the default browser.")
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write it to DIR as a static site that any web server can host, and serve nothing.",
)
@click.option(
    "--packages",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help=f"Let workflows import what is in DIR. Default: {FOLDER} of the project here, made by `stepwell sync`.",
)
def playground(*, port: int, opens: bool, folder: Path | None, packages: Path | None) -> None:
    """
    Serve the playground on this machine until Ctrl-C.

    The engine, Python and the state are all in the browser tab: nothing is sent anywhere, and nothing is downloaded
    that did not come with Stepwell. The browser keeps the state by address, so the port is always the same unless
    another is given.
    """
    options = ["--export", os.fspath(folder.absolute())] if folder else ["--port", str(port)]
    if packages := packages or _find_packages():
        options += ["--packages", os.fspath(packages.absolute())]
    command = [os.fspath(find_node().path), os.fspath(host_root() / "js" / "playground" / "server" / "main.js")]
    with subprocess.Popen(  # noqa: S603 - our own script
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        try:
            answer = _answer(process)
            if packages:
                click.echo(f"Packages: {_names_of(packages)}, from {packages}.")
            if exported := answer.get("exported"):
                sizes = f"{exported['bytes'] / 1e6:.0f} MB, {exported['sent_bytes'] / 1e6:.1f} MB as gzip"
                click.echo(f"Wrote {exported['files']} files ({sizes}) to {folder}.")
            else:
                _serve(process, answer["ready"]["url"], opens=opens)
        except KeyboardInterrupt:
            return
        finally:
            if process.stdin:
                process.stdin.close()


def _find_packages() -> Path | None:
    """The folder of packages of the project that the working directory is in."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
        if (folder / "pyproject.toml").exists():
            break
    return None


def _names_of(packages: Path) -> str:
    names = sorted({path.name.partition("-")[0] for path in packages.glob("*.dist-info")})
    return ", ".join(names) or "none that is known by name"


def _serve(process: subprocess.Popen[str], url: str, *, opens: bool) -> None:
    click.echo(f"Playground: {url}  (Ctrl-C ends it)")
    if opens:
        click.launch(url)
    code = process.wait()
    raise HostLostError(f"The playground's server ended with code {code}.", sent=False)


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The line that the process says first."""
    line = process.stdout.readline() if process.stdout else ""
    try:
        answer: dict[str, Any] = json.loads(line)
    except ValueError:
        raise InternalError(f"The playground's server ended with code {process.wait()} and said {line!r}.") from None
    if error := answer.get("error"):
        raise (InternalError if error["code"] == "internal" else InputError)(error["message"])
    return answer
