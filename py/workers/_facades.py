"""What ``env`` has for bindings that the host answers: other Workers, storage and the like."""

from __future__ import annotations

from importlib import import_module
from inspect import isfunction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class RefusedBinding:
    """A binding that does not work here. Any use of it is an error that says why."""

    def __init__(self, message: str) -> None:
        """Say *message* at each use."""
        object.__setattr__(self, "_message", message)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - there is none
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(object.__getattribute__(self, "_message"))


class StubBinding:
    """A binding that an object of the user's stands for. Its module is imported at the first use."""

    def __init__(self, name: str, target: str) -> None:
        """Stand for `module:name`; a class is called, and a function is the method ``run``."""
        self._name = name
        self._target = target
        self._object: Any = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        if name.startswith("__"):
            raise AttributeError(name)
        if self._object is None:
            self._object = self._load()
        found = self._object
        if isfunction(found) and name == "run":
            return found
        return getattr(found, name)

    def _load(self) -> Any:  # noqa: ANN401 - whatever it is
        module, _, name = self._target.partition(":")
        try:
            found = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            where = f"its stub {self._target} in [tool.stepwell.stubs]"
            message = f"env.{self._name} cannot be used: {where} is not there: {error}."
            raise RuntimeError(message) from error
        return found() if isinstance(found, type) else found


def to_facades(specifications: Mapping[str, Mapping[str, Any]], objects: Any) -> dict[str, object]:  # noqa: ANN401
    """
    What ``env`` has for bindings.

    Args:
        specifications: What each is: its ``kind`` and what belongs to that.
        objects: JavaScript's objects of these names, or None in an interpreter that has no JavaScript.
    """
    return {name: _to_facade(name, each, objects) for name, each in specifications.items()}


def _to_facade(name: str, specification: Mapping[str, Any], objects: Any) -> object:  # noqa: ANN401
    if specification["kind"] == "refused":
        return RefusedBinding(specification["message"])
    if specification.get("type") == "stub":
        return StubBinding(name, specification["options"]["target"])
    if objects is None:
        return RefusedBinding(f"env.{name} needs the runtime 'pyodide': this one has no such bindings.")
    from .rpc import (  # noqa: PLC0415 - only where there is JavaScript
        _BindingWrapper,
        _DurableObjectNamespaceWrapper,
        _FetcherWrapper,
    )

    found = getattr(objects, name)
    if specification["kind"] == "host" and specification["type"] == "durable_object":
        return _DurableObjectNamespaceWrapper(found)
    is_fetcher = specification["kind"] == "service" or specification["type"] == "assets"
    return (_FetcherWrapper if is_fetcher else _BindingWrapper)(found)
