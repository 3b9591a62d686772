"""Groups of commands that are imported when they are called."""

from __future__ import annotations

import importlib
from typing import Any

import click

from stepwell.suggestions import meant, similar


class LazyGroup(click.Group):
    """
    A group whose commands are imported when they are needed.

    Args:
        commands_at: For each command its place, ``module:name``.
    """

    def __init__(self, *args: Any, commands_at: dict[str, str] | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - click's own signature
        super().__init__(*args, **kwargs)
        self._commands_at = commands_at or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which they are worth reading."""
        return [*super().list_commands(ctx), *self._commands_at]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that *args* begin with; a misspelt one is refused with the one that may be meant."""
        name = args[0]
        known = self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            hint = meant(self._similar(ctx, name)) or _elsewhere(ctx.find_root(), name)
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def _similar(self, ctx: click.Context, name: str) -> list[str]:
        """The commands that are like *name*, those of the groups in this group too."""
        known = self.list_commands(ctx)
        groups = [(each, self.get_command(ctx, each)) for each in known]
        nested = {
            inner: f"{each} {inner}"
            for each, group in groups
            if isinstance(group, click.Group)
            for inner in group.list_commands(ctx)
            if inner not in known
        }
        return [nested.get(word, word) for word in similar(name, [*known, *nested])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command *cmd_name*."""
        place = self._commands_at.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = place.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - the tables are ours
        return command


def _elsewhere(root: click.Context, name: str) -> str:
    """Where other groups have a command *name*, as a sentence after a space; nothing where they have none."""
    found: list[str] = []
    groups = [("stepwell", root.command)]
    while groups:
        path, group = groups.pop()
        if not isinstance(group, click.Group):
            continue
        for each in group.list_commands(root):
            if each == name:
                found.append(f"'{path} {each}'")
            groups.append((f"{path} {each}", group.get_command(root, each)))  # type: ignore[arg-type]
    return f" There is {', '.join(sorted(found))}." if found else ""
