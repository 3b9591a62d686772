"""`--state` takes the path of a file, or postgres://… Another address is refused, and makes no folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from stepwell.cli import stepwell as command_line
from stepwell.exceptions import InputError
from stepwell.options import STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from places import Place

ADDRESS = "mysql://user:secret@host/db"


def commands_with_a_state(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each command that takes a state, and how the state is given there."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands_with_a_state(command, (*path, name))
            continue
        for parameter in command.params if command else ():
            if "--state" in parameter.opts:
                yield (*path, name), "--state"
            elif parameter.type is STATE:
                yield (*path, name), ""


COMMANDS = sorted(commands_with_a_state(command_line))


def test_commands():
    """The walk finds the commands: one that takes a state and is not among them would be tested by nothing."""
    names = {" ".join(path) for path, _ in COMMANDS}

    assert names >= {"run", "serve", "dev", "doctor", "ui", "state backup", "workflows list", "tokens list"}


@pytest.mark.parametrize(("path", "option"), COMMANDS, ids=lambda each: " ".join(each) if each else "argument")
def test_address(path, option, tmp_path, monkeypatch):
    """A scheme that Stepwell does not know is refused before anything is made, and the password is not repeated."""
    monkeypatch.chdir(tmp_path)
    command: click.Command = command_line
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    given = [option, ADDRESS] if option else [ADDRESS]

    with pytest.raises(InputError, match=r"unknown scheme 'mysql'") as refused:
        command.make_context(path[-1], given, resilient_parsing=False)

    assert "secret" not in str(refused.value)
    assert [] == list(tmp_path.iterdir())


def test_exit_code(place: Place):
    """The command ends with 2 and a sentence that says what to give."""
    place.write("order.py", "")

    done = place.run("run", "order.py", "--state", "redis://localhost/0")

    assert (2, "") == (done.code, done.out)
    assert "Give the path of a file or postgres://… with --state." in done.err
    assert ["order.py"] == [each.name for each in place.folder.iterdir()]
