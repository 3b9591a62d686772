"""What a command that keeps a project running says of its configuration, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.compatibility import python_difference

if TYPE_CHECKING:
    from stepwell.project import Project
    from stepwell.runtimes import Runtime


def notes_at_start(project: Project, runtime: Runtime) -> list[str]:
    """The warnings of *project*, what it says that has another meaning here, and that its Python is another."""
    difference = python_difference(project.cloudflare_python, runtime)
    warnings = [f"Warning: {warning}" for warning in project.warnings]
    return [*warnings, *project.notes, *([difference] if difference else [])]
