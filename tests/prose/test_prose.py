"""The words that people read are plain: phrases that a reader stumbles over are not used."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prose import hits, prose_of

ROOT = Path(__file__).parents[2]
PHRASES = {
    "is none": "say what is missing or invalid",
    "are none": "say what is missing",
    "that is no(?:ne)?": "say 'invalid', 'other than', or name the thing",
    "[Nn]obody": "name the reader, caller or process",
    "[Ss]omebody": "name the person or the program",
    "[Ww]hoever": "name the person or the program",
    "[Ww]hat (?:it|one|they) (?:is|was|has|had) (?:been )?(?:told|given|asked|said)": "name the request or message",
    "[Oo]f what": "name the thing",
    "[Mm]akes of": "say 'decodes', 'turns into'",
    "put to": "name the action",
    "[Mm]end(?:s|ed)?": "say 'repair' or 'correct'",
    "rubbish": "say what is invalid",
    "goes on": "say 'continues'",
    "go on with": "say 'continue with'",
    "comes to rest": "say 'becomes quiet'",
    "as it were": "leave it out",
    "for ever": "say 'without a limit'",
    "(?:tells?|told) (?:nobody|nothing)": "say what is not sent",
    "it is none": "say what is invalid or missing",
    "there (?:is|are) none": "say what is missing",
    "absent: there": "say what its absence means",
    "lets? nobody": "name the process",
}
"""What is not written, with what to write."""
PATTERN = "|".join(rf"\b(?:{phrase})\b" for phrase in PHRASES)

DOCUMENTS = ("*.md", ":!:tests", ":!:conformance")
WITH_COMMENTS = ("bridge", "js/engine", "runtime/pool", "py/stepwell")
"""Where comments and docstrings are read too."""
STRINGS_ALONE = ("js", "py", "runtime", "examples")
"""Where messages and help texts are read."""


def files(*where: str) -> list[str]:
    """The files under version control that match."""
    if shutil.which("git") is None:
        pytest.skip("git is missing, which lists the project's own files: install it", allow_module_level=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *where]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is not a checkout: there is no list of the project's own files", allow_module_level=True)
    names = (name for name in done.stdout.splitlines() if (ROOT / name).exists())
    return [name for name in names if Path(name).suffix in (".md", ".py", ".js", ".ts")]


def found_in(names: list[str], *, comments: bool) -> list[str]:
    return [
        f"{name}:{line}: {words!r}"
        for name in names
        for line, words in hits(prose_of(ROOT / name, comments=comments), PATTERN)
    ]


def advice(found: list[str]) -> str:
    """What to do about it."""
    said = "\n".join(found)
    table = [f"  {phrase}: {instead}" for phrase, instead in PHRASES.items() if re.search(rf"\b(?:{phrase})\b", said)]
    return "\n".join(["Write these sentences in other words:", said, "", "Instead of", *table])


def test_documents():
    found = found_in(files(*DOCUMENTS), comments=True)
    assert not found, advice(found)


def test_comments_of_the_heart():
    found = found_in([name for name in files(*WITH_COMMENTS) if not name.endswith(".md")], comments=True)
    assert not found, advice(found)


def test_messages():
    elsewhere = [
        name for name in files(*STRINGS_ALONE) if not name.startswith(WITH_COMMENTS) and not name.endswith(".md")
    ]
    found = found_in(elsewhere, comments=False)
    assert not found, advice(found)


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.md", "One.\nThere is\nnone.\n", [2]),
        ("a.md", "`is none`\n```\nis none\n```\n", []),
        ("a.py", "# Where there is\n# none.\nx = 1\n", [1]),
        ("a.py", "x = is_none = 'is none'\n", [1]),
        ("a.py", "if x is None:\n    pass\n", []),
        ("a.js", "/**\n * Where there is\n * none.\n */\n", [2]),
        ("a.js", 'const x = "is none"; // is none\n', [1, 1]),
        ("a.js", "const is = /'/, none = `is ${x} none`;\n", []),
    ],
)
def test_what_is_read(tmp_path, name, text, lines):
    """Comments, strings and text are read, over line ends too; code is not."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    assert lines == [line for line, _ in hits(prose_of(path), r"\bis none\b")]


def test_messages_alone(tmp_path):
    """Without comments the strings are left, and a docstring is no message."""
    path = tmp_path / "a.py"
    path.write_text('"""is none"""\n# is none\ndef f():\n    """is none"""\n    return "is none"\n', encoding="utf-8")

    assert [5] == [line for line, _ in hits(prose_of(path, comments=False), r"\bis none\b")]
