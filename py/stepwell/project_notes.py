"""What a command that keeps a project running says of its configuration, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stepwell.compatibility import python_difference

if TYPE_CHECKING:
    from stepwell.project import Project
    from stepwell.runtimes import Runtime


def say_at_start(project: Project, runtime: Runtime) -> None:
    """Print the warnings of *project*, what it says that has another meaning here, and that its Python is another."""
    for warning in project.warnings:
        click.echo(f"Warning: {warning}", err=True)
    difference = python_difference(project.cloudflare_python, runtime)
    for note in [*project.notes, *([difference] if difference else [])]:
        click.echo(note, err=True)
