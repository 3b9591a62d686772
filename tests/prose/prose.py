"""What people read in a file: the whole text of a document, the comments and strings of a source."""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE = "\x00"
"""Stands in the place of a character that is not prose, so that positions stay and no pattern reaches across code."""
_COMMENT_MARK = re.compile(r"^[ \t]*(?:#:?|//+|/\*+|\*(?!\*|\w)|\*/)", re.MULTILINE)
_NOT_PROSE = re.compile(r"^```.*?^```|`[^`\n]+`|\]\([^)\s]*\)|https?://\S+", re.MULTILINE | re.DOTALL)
_JAVASCRIPT = re.compile(
    r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<string> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `(?:\\.|[^`\\])*` )
    | (?<=[=(,:!&|?{};\[\n]) [ ]? / (?![*/]) (?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+ /
    """,
    re.VERBOSE | re.DOTALL,
)
_STRING_TOKENS = {tokenize.STRING} | {
    getattr(tokenize, name) for name in ("FSTRING_MIDDLE", "TSTRING_MIDDLE") if hasattr(tokenize, name)
}


class _Mask:
    """A text of which only the parts that are kept stay."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts: list[str] = []
        self._at = 0

    def keep(self, start: int, end: int, replacement: str | None = None) -> None:
        """Keep what stands from *start* to *end*, or put *replacement* there, and blank what is before it."""
        self._parts.append(_blank(self._text[self._at : start]))
        self._parts.append(self._text[start:end] if replacement is None else replacement)
        self._at = end

    def result(self) -> str:
        """The text, with all else blanked."""
        return "".join(self._parts) + _blank(self._text[self._at :])


def _blank(text: str) -> str:
    return re.sub(r"\S+", lambda found: CODE * len(found[0]), text)


def _without_marks(comment: str) -> str:
    return _COMMENT_MARK.sub(lambda found: " " * len(found[0]), comment)


def _without_code(text: str) -> str:
    """*text* with its blocks of code, its code in backticks and its links' targets blanked."""
    return _NOT_PROSE.sub(lambda found: _blank(found[0]), text)


def _python(text: str, *, comments: bool) -> str:
    """The strings of Python's *text*; with *comments* its comments and docstrings, too."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    mask = _Mask(text)
    begins_statement = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
        if token.type == tokenize.COMMENT and comments:
            mask.keep(start, end, _without_marks(token.string))
        elif token.type in _STRING_TOKENS and (comments or not begins_statement):
            mask.keep(start, end)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            begins_statement = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    return mask.result()


def _javascript(text: str, *, comments: bool) -> str:
    """The strings of JavaScript's *text*; with *comments* its comments, too."""
    mask = _Mask(text)
    for found in _JAVASCRIPT.finditer(text):
        if found["string"] is not None:
            mask.keep(*found.span())
        elif found["comment"] is not None and comments:
            mask.keep(*found.span(), _without_marks(found[0]))
    return mask.result()


def prose_of(path: Path, *, comments: bool = True) -> str:
    """The text of *path* in which only prose is left, at the place where it stands."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return _without_code(text)
    read = _python if path.suffix == ".py" else _javascript
    prose = read(text, comments=comments)
    # In a string a backtick is JavaScript's own sign; in a comment it holds code.
    return _without_code(prose) if comments and path.suffix == ".py" else prose


def hits(prose: str, pattern: str) -> Iterator[tuple[int, str]]:
    """The lines at which *pattern* occurs, each with the words; a space of the pattern stands for a line's end too."""
    for found in re.finditer(pattern.replace(" ", r"\s+"), prose):
        yield prose.count("\n", 0, found.start()) + 1, " ".join(found[0].split())
