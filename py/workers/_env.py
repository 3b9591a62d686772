"""The environment: the variables and bindings of a deployment."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_installed: dict[str, object] = {}
_patches: ContextVar[Mapping[str, object]] = ContextVar("patches", default={})  # noqa: B039 - never written to


class Env:
    """Variables and bindings as attributes."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, object] | None = None) -> None:
        """Show *entries*, or those of the deployment."""
        self._entries = _installed if entries is None else entries

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it is
        for entries in (_patches.get(), self._entries):
            if name in entries:
                return entries[name]
        names = ", ".join(sorted(self._names())) or "nothing"
        raise AttributeError(f"env has no {name!r}. It has: {names}.", name=name, obj=self)

    def __dir__(self) -> list[str]:
        return sorted(self._names())

    def __repr__(self) -> str:
        # Names only: values can be secrets.
        return f"<Env {', '.join(sorted(self._names()))}>"

    def _names(self) -> set[str]:
        return {*self._entries, *_patches.get()}


env = Env()
"""The environment of the deployment, for code that has no ``self.env`` at hand."""


def install(entries: Mapping[str, object]) -> None:
    """Make *entries* the environment of the deployment."""
    _installed.clear()
    _installed.update(entries)


@contextmanager
def patch_env(d: Mapping[str, object] | Iterable[tuple[str, object]] | None = None, **kwds: object) -> Iterator[None]:
    """
    Put other entries into the environment for a while, in ``env`` and in every ``self.env``.

    Args:
        d: The entries, as a mapping or as pairs.
        kwds: Further entries.
    """
    token = _patches.set({**_patches.get(), **dict(d or {}), **kwds})
    try:
        yield
    finally:
        _patches.reset(token)
