"""
Run files, as a process of their own reads them.

A file comes from anywhere, and may have been made to harm the user who opens it. The reader is killed at a time limit.
A failed reader is the fault of the file, never one of Stepwell.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from pydantic import BaseModel, ValidationError

from stepwell.exceptions import InputError, InternalError
from stepwell.host_process import host_root
from stepwell.models import Comparison, Replayed, RunFile
from stepwell.node import find_node
from stepwell.target import DEFAULT_RUNTIMES
from stepwell.wasmtime_settings import wasmtime_settings

if TYPE_CHECKING:
    from stepwell.runtimes import Runtime

M = TypeVar("M", bound=BaseModel)

READ_TIMEOUT_S = 60.0
"""How long a file may take to be read, on a busy machine too."""
REPLAY_TIMEOUT_S = 1800.0
"""How long its code may take to be replayed."""
SANDBOX = "wasmtime"
"""The runtime for untrusted code."""
READER_FLAGS = ("--max-old-space-size=1024",)


def describe(file: Path) -> RunFile:
    """What *file* holds."""
    return _parse(RunFile, file, _read(file, "describe", _existing(file)))


def compare(file: Path, other: Path) -> Comparison:
    """In what two files differ."""
    return _parse(Comparison, file, _read(file, "compare", _existing(file), _existing(other)))


def runtime_of(file: Path, main: str, *, trusted: bool) -> Runtime:
    """
    The runtime for the code in *file*, whose main file is *main*: the sandbox, unless the code is trusted.

    Says which on stderr.

    Raises:
        InputError: There is no sandbox for it.
    """
    name = DEFAULT_RUNTIMES.get(Path(main).suffix)
    if name is None:
        raise InputError(f"{str(file)!r} cannot be opened: its main file {main!r} is not a workflow.")
    if trusted:
        click.echo(f"Running the code of {str(file)!r} with your rights.", err=True)
        return {"name": name}
    remedy = "Give --trusted to run it with your rights."
    if name != "pyodide":
        raise InputError(f"The code of {str(file)!r} is JavaScript, for which there is no sandbox. {remedy}")
    try:
        settings = wasmtime_settings((Path(), {}))
    except InputError as error:
        raise InputError(f"The code of {str(file)!r} needs the sandbox. {remedy} {error}") from error
    click.echo(f"Running the code of {str(file)!r} in the sandbox.", err=True)
    return {"name": SANDBOX, "sandbox": settings}


def replay(file: Path, runtime: Runtime, main: Path | None) -> Replayed:
    """What comes of running its code, or that in *main*, against its history."""
    arguments = [json.dumps(runtime), *([] if main is None else [str(main)])]
    return _parse(Replayed, file, _read(file, "replay", _existing(file), *arguments, timeout_s=REPLAY_TIMEOUT_S))


def extract(file: Path, folder: Path) -> Path:
    """Write its code below *folder*; gives the main file."""
    match _read(file, "extract", _existing(file), str(folder)):
        case {"main": str(main)}:
            return Path(main)
        case answer:
            raise InternalError(f"The reader of run files answered {answer!r}")


def unpack(file: Path, state: Path) -> None:
    """Make the state *state*, which holds its instance and no code."""
    _read(file, "unpack", _existing(file), str(state))


def _existing(file: Path) -> str:
    if not file.is_file():
        raise InputError(f"There is no file {str(file)!r}.")
    return str(file.absolute())


def _read(file: Path, *arguments: str, timeout_s: float = READ_TIMEOUT_S) -> object:
    script = host_root() / "js" / "server" / "runs.js"
    with subprocess.Popen(  # noqa: S603 - our own script
        [os.fspath(find_node().path), *READER_FLAGS, os.fspath(script), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={"STEPWELL_HOST_PYTHON": sys.executable, **os.environ},
        # With what it has started it is killed.
        start_new_session=True,
    ) as reader:
        prints = threading.Thread(target=_pass_on, args=(reader,), daemon=True)
        prints.start()
        expired = threading.Event()
        late = threading.Timer(timeout_s, _expire, (reader, expired))
        late.start()
        try:
            printed = reader.stdout.read() if reader.stdout else ""
            reader.wait()
        finally:
            late.cancel()
            _kill(reader)
            prints.join()
    if expired.is_set():
        raise InputError(f"{str(file)!r} cannot be opened: reading it takes longer than {timeout_s:.0f} s.")
    try:
        answer: object = json.loads(printed)
    except (ValueError, RecursionError):
        raise InputError(f"{str(file)!r} cannot be opened: reading it failed ({reader.returncode}).") from None
    match answer:
        case {"error": {"code": str(code), "message": str(message), **rest}}:
            text = f"{str(file)!r} cannot be opened: {message}." if code.startswith("run.") else message
            traceback = rest.get("traceback")
            raise InputError(text, traceback=traceback if isinstance(traceback, str) else None)
    return answer


def _pass_on(reader: subprocess.Popen[str]) -> None:
    """Show what the code prints while it is imported."""
    for line in reader.stderr or ():
        sys.stderr.write(line)


def _expire(reader: subprocess.Popen[str], expired: threading.Event) -> None:
    expired.set()
    _kill(reader)


def _kill(reader: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(reader.pid, signal.SIGKILL)


def _parse(model: type[M], file: Path, answer: object) -> M:
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise InputError(f"{str(file)!r} cannot be opened: its contents do not fit together ({error}).") from error
