"""Run files, as the host's reader of them says."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from stepwell.exceptions import InputError, InternalError
from stepwell.host_process import host_root
from stepwell.models import Comparison, Replayed, RunFile
from stepwell.node import find_node
from stepwell.project_loader import load_project
from stepwell.target import find_target

M = TypeVar("M", bound=BaseModel)


def describe(file: Path) -> RunFile:
    """What *file* holds."""
    return _parse(RunFile, _read(file, "describe", _existing(file)))


def compare(file: Path, other: Path) -> Comparison:
    """In what two files differ."""
    return _parse(Comparison, _read(file, "compare", _existing(file), _existing(other)))


def replay(file: Path, code: str | None) -> Replayed:
    """What comes of running its code, or that of the target *code*, against its history."""
    main = [] if code is None else [str(load_project(find_target(code)).main)]
    return _parse(Replayed, _read(file, "replay", _existing(file), *main))


def extract(file: Path, folder: Path) -> Path:
    """Write its code below *folder*; gives the main file."""
    match _read(file, "extract", _existing(file), str(folder)):
        case {"main": str(main)}:
            return Path(main)
        case answer:
            raise InternalError(f"The reader of run files said {answer!r}")


def _existing(file: Path) -> str:
    if not file.is_file():
        raise InputError(f"There is no file {str(file)!r}.")
    return str(file.absolute())


def _read(file: Path, *arguments: str) -> object:
    script = host_root() / "js" / "server" / "runs.js"
    done = subprocess.run(  # noqa: S603 - our own script
        [os.fspath(find_node().path), os.fspath(script), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    try:
        answer: object = json.loads(done.stdout)
    except ValueError:
        raise InternalError(f"The reader of run files ended with {done.returncode}: {done.stdout!r}") from None
    match answer:
        case {"error": {"code": "internal", "message": str(message)}}:
            raise InternalError(message)
        case {"error": {"code": str(code), "message": str(message), **rest}}:
            text = f"{str(file)!r} cannot be opened: {message}." if code.startswith("run.") else message
            traceback = rest.get("traceback")
            raise InputError(text, traceback=traceback if isinstance(traceback, str) else None)
    return answer


def _parse(model: type[M], answer: object) -> M:
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise InternalError(f"The reader of run files said what does not fit: {error}") from error
