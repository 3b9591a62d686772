"""TARGET: a file with workflows, a class in one, or a folder with a wrangler configuration."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from pathlib import Path

from stepwell.exceptions import InputError
from stepwell.suggestions import did_you_mean, meant, similar
from stepwell.utf8_path import utf8_source

CONFIG_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""In upstream's order of precedence."""
DEFAULT_RUNTIMES = {
    ".py": "pyodide",
    ".js": "javascript",
    ".mjs": "javascript",
    ".ts": "javascript",
    ".mts": "javascript",
}
"""The runtime that runs a main file when no runtime is chosen, by the file's suffix."""
SUFFIXES = tuple(DEFAULT_RUNTIMES)
"""The suffixes of files that can be run."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    What a TARGET names, as far as a look at the disk tells.

    Attributes:
        text: As it was given.
        main: The file; None where the configuration says which.
        config: The configuration; None for a file.
        class_name: The class after the colon.
    """

    text: str
    main: Path | None
    config: Path | None
    class_name: str | None


def find_target(text: str) -> Target:
    """
    Look *text* up on the disk, without reading anything.

    Raises:
        InputError: There is nothing that could be run.
    """
    path, class_name = _split(text)
    if path.is_dir():
        if class_name is not None:
            raise InputError(f"TARGET {text!r} names a class in a folder; choose it with --workflow {class_name}.")
        for name in CONFIG_NAMES:
            if (path / name).is_file():
                return Target(text, None, path / name, None)
        names = ", ".join(CONFIG_NAMES[:-1]) + f" or {CONFIG_NAMES[-1]}"
        raise InputError(f"Folder {str(path)!r} has no {names}. Give one, or a file as TARGET.")
    if not path.exists():
        raise InputError(f"TARGET {str(path)!r} does not exist.{_suggestion(path)}")
    if path.suffix not in SUFFIXES:
        raise InputError(f"TARGET {str(path)!r} cannot be run: its name ends in none of {', '.join(SUFFIXES)}.")
    return Target(text, utf8_source(path.resolve()), None, class_name)


def no_workflow_class(target: Target, wanted: str, classes: list[str]) -> InputError:
    """The error for a *target* whose code has the workflow *classes*, and not the *wanted* one."""
    hint = did_you_mean(wanted, classes)
    return InputError(f"TARGET {target.text!r} has no workflow class {wanted!r}.{hint} It has: {', '.join(classes)}.")


def _suggestion(path: Path) -> str:
    """A sentence with the files beside *path* that it may stand for; their endings do not make them similar."""
    if not path.parent.is_dir():
        return ""
    beside = {each.stem: each.name for each in path.parent.iterdir() if each.suffix in SUFFIXES}
    return meant([beside[stem] for stem in similar(path.stem, beside)])


def _split(text: str) -> tuple[Path, str | None]:
    whole = Path(text)
    head, colon, tail = text.rpartition(":")
    if not colon or whole.exists():
        return whole, None
    if not tail.isidentifier() or keyword.iskeyword(tail):
        raise InputError(f"TARGET {text!r} names the class {tail!r}, which is not a name.")
    return Path(head), tail
