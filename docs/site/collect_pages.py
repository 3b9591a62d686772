"""
Collects the documents as pages of the site, with its generator's settings: `python docs/site/collect_pages.py TARGET`.

The files are those that are read in the repository. Only their links change: all pages are in one folder on the site,
and a link to any other file of the project leads to its sources.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OUTSIDE = ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "PARITY.md", "SECURITY.md")
"""The pages that stand at the top of the repository."""
RENAMED = {"README.md": "index.md", "docs/README.md": "documentation.md"}
_LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
_TITLE = re.compile(r"^(```\w+ )title=(\S+)$", re.MULTILINE)
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def pages() -> dict[str, str]:
    """The names of the pages on the site, by their paths in the repository."""
    documents = [f"docs/{path.name}" for path in sorted(DOCS.glob("*.md"))]
    paths = ["README.md", *OUTSIDE, *documents]
    return {path: RENAMED.get(path, Path(path).name) for path in paths}


def source_url() -> str:
    """The address of the sources, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['urls']['Source']}/blob/main"


def page_of(path: str, text: str, names: dict[str, str], sources: str) -> str:
    """The *text* of the document *path* with its links as they are on the site."""

    def link(found: re.Match[str]) -> str:
        target = found[2]
        if "://" in target or target.startswith("mailto:"):
            return found[0]
        place = Path(os.path.normpath(Path(path).parent / target)).as_posix()
        if place in names:
            target = names[place]
        elif place.startswith("docs/") and (ROOT / place).is_file():
            target = place.removeprefix("docs/")
        else:
            target = f"{sources}/{place}"
        return f"{found[1]}{target}{found[3]}"

    parts = _FENCE.split(text)
    # Every second part is a block of code, whose title the generator wants in quotes.
    return "".join(
        _TITLE.sub(r'\1title="\2"', part) if i % 2 else _LINK.sub(link, part) for i, part in enumerate(parts)
    )


def collect(target: Path) -> None:
    """Make *target* the folder that the generator builds: its settings, all pages, and the pictures in them."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(DOCS / "site" / "overrides", target / "overrides")
    shutil.copy(DOCS / "site" / "mkdocs.yml", target)
    target /= "pages"
    target.mkdir()
    names = pages()
    for path, name in names.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        (target / name).write_text(page_of(path, text, names, source_url()), encoding="utf-8")
    for file in DOCS.rglob("*"):
        place = file.relative_to(DOCS)
        if file.is_file() and file.suffix != ".md" and place.parts[0] != "site":
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target / place)


if __name__ == "__main__":
    collect(Path(sys.argv[1]))
