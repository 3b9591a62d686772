"""What a release consists of: one version, its section of the changelog, and the files that are uploaded."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECTION = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!## ).*\n?)*)", re.MULTILINE)


class ReleaseError(Exception):
    """The checkout cannot be released. The message says why, and what to do."""


def versions(root: Path) -> dict[str, str]:
    """The version that each file of *root* gives, by the place in it."""
    package = json.loads((root / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return {
        "pyproject.toml": project["project"]["version"],
        "package.json": package["version"],
        "package-lock.json": lock["version"],
        "package-lock.json, packages": lock["packages"][""]["version"],
    }


def version_of(root: Path) -> str:
    """
    The one version of the checkout *root*.

    Raises:
        ReleaseError: The files give several.
    """
    found = versions(root)
    if len(set(found.values())) != 1:
        listed = ", ".join(f"{version} in {place}" for place, version in found.items())
        raise ReleaseError(f"There are several versions: {listed}. Give all the same.")
    return found["pyproject.toml"]


def notes_of(changelog: str, version: str) -> str:
    """
    The section of *changelog* for *version*, without its heading.

    Raises:
        ReleaseError: There is no such section, it has no date or no entry, or entries stand under *Unreleased*.
    """
    sections = {found["title"]: found["text"].strip() for found in _SECTION.finditer(changelog)}
    if sections.get("Unreleased"):
        raise ReleaseError(f"CHANGELOG.md has entries under Unreleased. Move them to the section of {version}.")
    for title, text in sections.items():
        if re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", title):
            if "- " not in text:
                raise ReleaseError(f"CHANGELOG.md has no entry for {version}. List the changes.")
            return f"{text}\n"
    raise ReleaseError(f"CHANGELOG.md has no section '## {version} - YYYY-MM-DD'. Add it.")


def refuse_changes(root: Path) -> None:
    """
    Refuse a checkout whose files differ from its commit: what is released has to be what is tagged.

    Raises:
        ReleaseError: Some do.
    """
    changed = _git(root, "status", "--porcelain").strip()
    if changed:
        raise ReleaseError(f"These files are not committed:\n{changed}\nCommit or remove them.")


def refuse_tag(root: Path, tag: str) -> None:
    """
    Refuse a *tag* that exists, before anything is built.

    Raises:
        ReleaseError: It exists.
    """
    if _git(root, "tag", "--list", tag).strip():
        raise ReleaseError(f"The tag {tag} exists. Raise the version, or delete the tag.")


def add_tag(root: Path, tag: str, notes: str) -> None:
    """Make the annotated *tag* in the local repository. It is pushed by hand."""
    # A line of notes that begins with # is a heading, not a comment.
    _git(root, "tag", "--annotate", "--cleanup=verbatim", "--message", f"Stepwell {tag}\n\n{notes}", tag)


def write_sums(folder: Path) -> Path:
    """Write `SHA256SUMS` for the distributions in *folder*, as `sha256sum --check` reads it."""
    files = sorted(path for path in folder.iterdir() if path.name.endswith((".whl", ".tar.gz")))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(lines), encoding="utf-8")
    return sums


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout
