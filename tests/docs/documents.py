"""The documents, and the blocks in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *(
        ROOT / name
        for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "PARITY.md", "SECURITY.md")
    ),
    *(ROOT / "benchmarks" / name for name in ("README.md", "notes/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
_FENCE = re.compile(r"^```(\w*)(.*?)$\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what else its first line says, its text, and where it is."""

    language: str
    info: str
    text: str
    document: Path
    line: int

    @property
    def title(self) -> str | None:
        """The file that a reader saves it as."""
        found = re.search(r"title=(\S+)", self.info)
        return found[1] if found else None

    @property
    def commands(self) -> list[str]:
        """The commands of a console. Where lines begin with a prompt, the others are what they print."""
        lines = self.text.replace("\\\n", "").splitlines()
        prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return prompted or lines

    @property
    def printed(self) -> list[str]:
        """What a console shows beside its commands."""
        lines = self.text.replace("\\\n", "").splitlines()
        return [line for line in lines if not line.startswith("$ ")]

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks(document: Path) -> Iterator[Block]:
    """The blocks of *document*, in order."""
    text = document.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(found[1], found[2].strip(), found[3], document, text.count("\n", 0, found.start()) + 1)


def block(page: str, part: str) -> Block:
    """The block of the page that has *part*. Pages are in docs/, but for the README."""
    document = ROOT / page if page == "README.md" else ROOT / "docs" / page
    [found] = [each for each in blocks(document) if part in each.text]
    return found


def words(command: str) -> list[str]:
    """The arguments of a command of Stepwell."""
    stepwell, *arguments = shlex.split(command, comments=True)
    assert stepwell == "stepwell", command
    return arguments


def all_blocks(*languages: str) -> list[Block]:
    """Those of all documents in these languages."""
    return [block for document in DOCUMENTS for block in blocks(document) if block.language in languages]
