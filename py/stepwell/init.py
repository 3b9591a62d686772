"""`stepwell init`: a project that runs at once, with a test."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import click

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.formatting import command

TEMPLATES = {
    "worker": "a Python Worker that starts a workflow",
    "workflow": "a Python workflow alone",
    "javascript": "a JavaScript Worker that starts a workflow",
}
SUFFIX = ".template"


@click.command(epilog=exit_codes.SHORT_HELP, short_help="Make a project that runs at once.")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option(
    "--template",
    type=click.Choice(list(TEMPLATES)),
    default="worker",
    show_default=True,
    help="; ".join(f"{name}: {what}" for name, what in TEMPLATES.items()) + ".",
)
@click.option("--name", help="The Worker's name.  [default: the folder's]")
def init(*, folder: str, template: str, name: str | None) -> None:
    """Write a project with a workflow and a test into DIR, which may exist. No file is replaced."""
    target = _target(folder)
    if name is not None and not name.strip():
        raise InputError("--name is empty. Give a name, or leave the option out.")
    chosen = _worker_name(name or target.resolve().name)
    files = template_files(template, chosen)
    if existing := [path for path in files if (target / path).exists()]:
        raise InputError(f"{target / existing[0]} exists. Choose another folder.")
    for path, text in files.items():
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {TEMPLATES[template]}: {', '.join(files)}.", err=True)
    steps = (
        [] if target.resolve() == Path.cwd() else [command("cd", f"./{folder}" if folder.startswith("-") else folder)]
    )
    click.echo(f"Run it: {' && '.join([*steps, 'stepwell dev'])}", err=True)


def template_files(template: str, name: str) -> dict[str, str]:
    """The files of a template for a Worker called *name*, by their paths."""
    root = Path(__file__).with_name("templates") / template
    values = {"{{name}}": name, "{{date}}": dt.datetime.now(dt.UTC).date().isoformat()}
    files = {}
    for path in sorted(root.rglob(f"*{SUFFIX}")):
        text = path.read_text(encoding="utf-8")
        for key, value in values.items():
            text = text.replace(key, value)
        files[path.relative_to(root).as_posix().removesuffix(SUFFIX)] = text
    return files


def _target(folder: str) -> Path:
    if not folder.strip():
        raise InputError("DIR is empty. Give a folder, or leave it out for this one.")
    if not folder.isprintable():
        raise InputError(f"DIR has control characters: {folder!r}. Give another name.")
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise InputError(f"{folder} is not a folder. Choose another name.")
    return target


def _worker_name(text: str) -> str:
    """*text* as a name that Cloudflare takes: small letters, digits and dashes."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63]
    return name or "worker"
