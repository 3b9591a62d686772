"""Where the state is, and who owns it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from stepwell.exceptions import InputError
from stepwell.ledger_address import SCHEMES, ledger_of, shown_state
from stepwell.utf8_path import utf8_folder

DEFAULT = Path(".stepwell", "state.sqlite")
PRIVATE_MODE = 0o700
"""Of a folder that Stepwell makes: params, results and variables are in it."""

REMEDIES = {
    "state.corrupt": "Restore a backup, or move the file away to start with an empty state. The file was not changed.",
    "state.foreign": "Give another path with --state.",
    "state.readonly": "Make it and its folder writable, or give another path with --state.",
    "state.full": "Free some space, then continue: what was finished is kept.",
    "state.owned": "Stop that process first.",
    "state.gone": "Put it back, or run the command again: it continues from the file's contents.",
    "state.scheme": "A state is an SQLite file, or in PostgreSQL: give a path or postgres://… with --state.",
    "state.held": "It continues there; to run it here, end that process first.",
    "state.unreachable": "Check that it runs, and the address after --state.",
    "state.unusable": "Nothing was changed.",
    "state.path": "Make it and its folder writable, or give another path with --state.",
}


@dataclass(frozen=True, slots=True)
class StateOwner:
    """
    Who owns a state, as its owner wrote it down.

    The file outlives an owner that was killed: it is a hint until its socket answers.
    """

    pid: int
    socket: str
    command: str
    version: str = ""
    secret: str | None = None

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"

    def is_gone(self) -> bool:
        """Whether no process listens at its socket any more. A busy owner still does."""
        import socket  # noqa: PLC0415 - seldom needed so early

        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(0)
            try:
                probe.connect(self.socket)
            except (ConnectionRefusedError, FileNotFoundError):
                return True
            except OSError:
                pass
        return False


ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def is_ledger_address(given: str) -> bool:
    """
    Whether *given* is the address of a ledger, rather than a path.

    Raises:
        InputError: It is another address.
    """
    found = ADDRESS.match(given)
    if found and found[1].lower() not in SCHEMES:
        # An address may have a password, which is not repeated.
        raise InputError(
            f"State {found[0] + '…'!r} is an address with the unknown scheme {found[1]!r}. "
            "A state is an SQLite file, or in PostgreSQL. Give the path of a file or postgres://… with --state."
        )
    return found is not None


def state_path(given: Path | None, *, create: bool) -> Path:
    """
    The absolute path of the state file.

    Args:
        given: What `--state` says.
        create: Make its folder if it is missing. Otherwise the file must exist.

    Raises:
        InputError: There is no such file, or its folder cannot be made.
    """
    path = (given or DEFAULT).absolute()
    if ledger_of(path) is not None:
        make_folder(path.parent, ignored=False)
        return path
    if path.is_dir():
        raise InputError(f"State {str(given or DEFAULT)!r} is a folder. Give the path of a file with --state.")
    if path.exists() and not path.is_file():
        # To open a pipe waits for a writer.
        raise InputError(f"State {str(given or DEFAULT)!r} is not a file. Give the path of a file with --state.")
    if create:
        make_folder(path.parent, ignored=given is None)
    elif not path.exists():
        raise InputError(
            f"There is no state file {str(given or DEFAULT)!r}. "
            "Run a workflow here first, or give the path of its state with --state."
        )
    if not path.name.isprintable():
        raise InputError(
            f"State {str(given or DEFAULT)!r} has a name with unprintable characters. Give another path with --state."
        )
    return utf8_folder(path.parent) / path.name


def make_folder(folder: Path, *, ignored: bool) -> None:
    """
    Make the folder of a state.

    Args:
        folder: Which.
        ignored: Keep it out of version control.

    Raises:
        InputError: It cannot be made.
    """
    ignore = folder / ".gitignore"
    try:
        folder.mkdir(mode=PRIVATE_MODE, parents=True, exist_ok=True)
        if ignored and not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        if (file := _file_in(folder)) is not None:
            which = "it" if file == folder else repr(str(file))
            raise InputError(
                f"{str(folder)!r} cannot be the folder of the state: {which} is a file. Give another path with --state."
            ) from error
        raise InputError(
            f"The folder {str(folder)!r} for the state cannot be made: {error.strerror}. "
            "Make the folder above it writable, or give another path with --state."
        ) from error


def _file_in(folder: Path) -> Path | None:
    """The part of the path *folder* that is a file, if there is one."""
    return next((each for each in (folder, *folder.parents) if each.is_file()), None)


def read_owner(state: Path) -> StateOwner | None:
    """Who says to own *state*, if anybody does."""
    try:
        return parse_owner(json.loads(Path(f"{state}.owner.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def parse_owner(data: object) -> StateOwner | None:
    """*data* as an owner, or None where it is not one."""
    match data:
        case {"pid": int(pid), "socket": str(socket), "command": str(command), **rest}:
            version, secret = rest.get("version"), rest.get("secret")
            return StateOwner(
                pid,
                socket,
                command,
                version if isinstance(version, str) else "",
                secret if isinstance(secret, str) else None,
            )
    return None


def state_error(state: Path, code: str, message: str) -> InputError:
    """What the host says of *state*, with the remedy."""
    what = "State file" if ledger_of(state) is None else "State"
    return InputError(f"{what} {shown_state(state)!r} cannot be used: {message}. {REMEDIES.get(code, '')}".rstrip())
