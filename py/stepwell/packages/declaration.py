"""What a workflow declares to need: in its own PEP 723 block, or in its project's pyproject.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stepwell.exceptions import InputError

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
"""PEP 723's own expression."""
OPENING = re.compile(r"(?m)^# /// script\s*$")


@dataclass(frozen=True, slots=True)
class Declaration:
    """
    What is declared, and where.

    Attributes:
        path: The file that declares it.
        requirements: As they stand there, sorted.
        requires_python: Likewise; empty for any.
        near: Whether it certainly is about this workflow: its own block, or a project file beside it.
    """

    path: Path
    requirements: tuple[str, ...]
    requires_python: str
    near: bool

    @property
    def is_script(self) -> bool:
        """Whether a single file declares it for itself."""
        return self.path.suffix == ".py"


def find_declaration(start: Path, project: Path | None = None) -> Declaration | None:
    """
    What is declared for a workflow.

    Args:
        start: Its main file, or a folder; absolute.
        project: The folder of its configuration, which may be above.

    Returns:
        The file's own block, else the nearest pyproject.toml beside or above that has a project; None for neither.

    Raises:
        InputError: What is declared cannot be read.
    """
    folder = start
    if start.is_file():
        if start.suffix == ".py" and (found := _read_block(start)):
            return found
        folder = start.parent
    for candidate in (folder, *folder.parents):
        path = candidate / "pyproject.toml"
        if path.is_file():
            return _read_project(path, near=candidate in {folder, project})
    return None


def _read_block(path: Path) -> Declaration | None:
    text = _read(path)
    if "# /// script" not in text:
        return None
    blocks = [match for match in BLOCK.finditer(text) if match.group("type") == "script"]
    if not blocks and OPENING.search(text):
        raise InputError(
            f"{path}: the block '# /// script' has no end. Every line of it begins with '#', and '# ///' ends it."
        )
    if not blocks:
        return None
    if len(blocks) > 1:
        raise InputError(f"{path} has {len(blocks)} blocks '# /// script'; one is allowed.")
    lines = blocks[0].group("content").splitlines(keepends=True)
    content = "".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    table = _parse(path, content, "its block '# /// script'")
    # PEP 723 says dependencies; an older draft, which people still write, said requirements.
    key = "requirements" if "dependencies" not in table and "requirements" in table else "dependencies"
    return Declaration(
        path, _requirements(path, key, table.get(key, [])), _text(path, table, "requires-python"), near=True
    )


def _read_project(path: Path, *, near: bool) -> Declaration | None:
    project = _parse(path, _read(path), "").get("project")
    if project is None:
        return None
    if not isinstance(project, dict):
        raise InputError(f"{path}: project must be a table.")
    dynamic = project.get("dynamic", [])
    if near and isinstance(dynamic, list) and "dependencies" in dynamic:
        raise InputError(
            f"{path}: project.dependencies is dynamic, and build backends are not run here. List them in the file."
        )
    requirements = _requirements(path, "project.dependencies", project.get("dependencies", []))
    return Declaration(path, requirements, _text(path, project, "requires-python"), near=near)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}.") from error


def _parse(path: Path, text: str, part: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - few workflows declare something

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = f"{path}: {part}" if part else str(path)
        raise InputError(f"{where} is not TOML: {error}.") from error


def _requirements(path: Path, key: str, given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise InputError(f'{path}: {key} must be an array of strings, such as ["pydantic>=2"].')
    return tuple(sorted(set(given)))


def _text(path: Path, table: dict[str, Any], key: str) -> str:
    given = table.get(key, "")
    if not isinstance(given, str):
        raise InputError(f"{path}: {key} must be a string.")
    return given


def check_requirements(declaration: Declaration) -> None:
    """
    Raise unless each requirement is one.

    Raises:
        InputError: One is not.
    """
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - only for a sync

    for text in declaration.requirements:
        try:
            Requirement(text)
        except InvalidRequirement as error:
            problem = str(error).splitlines()[0].rstrip(".")
            raise InputError(f"{declaration.path}: {text!r} is not a requirement: {problem}.") from None
