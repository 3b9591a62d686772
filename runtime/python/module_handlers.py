"""The handlers of a user's module: which there are, and how they are called."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .sdk import Sdk

_CALLED_BY_HOST = ("fetch", "scheduled", "queue")
"""Handlers that get ``env`` and ``ctx`` too, as far as they have parameters for them."""


_EVENTS_OF_OBJECTS = ("fetch", "alarm", "webSocketMessage", "webSocketClose", "webSocketError")
"""Methods of Durable Objects that the host calls."""

_NOT_CALLED = frozenset({"ctx", "env"})


class MissingHandlerError(TypeError):
    """The module has no such entrypoint, or the entrypoint no such method."""


class ModuleHandlers:
    """See the module."""

    def __init__(self, sdk: Sdk) -> None:
        """Know none yet; `find` finds them. The classes derive from those of *sdk*."""
        self._sdk = sdk
        self._classes: dict[str, type] = {}
        self._functions: dict[str, Callable[..., Any]] = {}
        self._objects: dict[str, type] = {}
        self._resident: dict[str, Any] = {}
        """Durable Objects that are in memory, by their keys."""

    def find(self, module: ModuleType, names: list[str]) -> None:
        """Find those of *module*: classes among its public *names*, and functions whose names begin with ``on_``."""
        for name in names:
            found = getattr(module, name, None)
            if not isinstance(found, type):
                continue
            if issubclass(found, self._sdk.worker_entrypoint) and found is not self._sdk.worker_entrypoint:
                self._classes[found.__name__] = found
            if issubclass(found, self._sdk.durable_object) and found is not self._sdk.durable_object:
                self._objects[found.__name__] = found
        for method in _CALLED_BY_HOST:
            function = getattr(module, f"on_{method}", None)
            if callable(function):
                self._functions[method] = function

    def describe(self) -> dict[str, Any]:
        """Methods of the ``default`` entrypoint, of each of the named ``entrypoints``, and names of ``objects``."""
        base = self._sdk.worker_entrypoint
        named = {name: _methods_of(cls, base) for name, cls in self._classes.items()}
        default = named.pop("Default", None)
        return {
            "default": list(self._functions) if default is None else default,
            "entrypoints": named,
            "objects": list(self._objects),
        }

    async def invoke_object(self, name: str, method: str, key: str, args: list[Any], parts: Any) -> Any:  # noqa: ANN401
        """
        Call a method of a Durable Object; ``constructor`` makes it, and ``destructor`` lets go of it.

        Args:
            name: Of its class.
            method: Its name.
            key: Of the object.
            args: What it gets, as JavaScript has it.
            parts: What JavaScript has of the object.

        Returns:
            What it gives, as JavaScript has it; ``constructor`` gives the names of its event methods.
        """
        sdk = self._sdk
        if method == "destructor":
            self._resident.pop(key, None)
            return None
        if method == "constructor":
            if name not in self._objects:
                msg = f"The Worker has no Durable Object class {name}. Found: {', '.join(self._objects) or 'none'}."
                raise MissingHandlerError(msg)
            made = self._resident[key] = self._objects[name](sdk.object_context(parts), sdk.env)
            # As on Cloudflare, a class in Python may set an alarm that it has no handler for.
            return sdk.to_js(
                [event for event in _EVENTS_OF_OBJECTS if event == "alarm" or callable(_event_method(made, event))]
            )
        owner = self._resident.get(key)
        is_event = method in _EVENTS_OF_OBJECTS
        found = _event_method(owner, method) if is_event else _public_method(owner, method)
        if not callable(found) or method in _NOT_CALLED:
            msg = f"The Durable Object class {name} has no method {method}()."
            raise MissingHandlerError(msg)
        given = [sdk.from_js(arg) for arg in args]
        if is_event and not hasattr(owner, method):
            # By its older name it gets what handlers of the module get.
            given += [sdk.env, getattr(owner, "ctx", None)]
        result = found(*(_as_many_as_taken(found, given) if is_event else given))
        if inspect.isawaitable(result):
            result = await result
        return sdk.to_js(result)

    async def fetch(self, entrypoint: str | None, request: Any, context: Any) -> Any:  # noqa: ANN401 - see `invoke`
        """Call a fetch handler with *request*, which is of the SDK already. Gives what it gives."""
        env, ctx = self._sdk.env, self._sdk.context(context)
        handler = self._find_handler(entrypoint, "fetch", ctx, env)
        result = handler(*_as_many_as_taken(handler, [request, env, ctx]))
        return await result if inspect.isawaitable(result) else result

    def to_js(self, value: Any) -> Any:  # noqa: ANN401 - what a handler has given
        """*value* as JavaScript has it."""
        return self._sdk.to_js(value)

    async def invoke(self, entrypoint: str | None, method: str, args: list[Any], context: Any) -> Any:  # noqa: ANN401
        """
        Call a handler.

        Args:
            entrypoint: The name of its class; None for the default entrypoint.
            method: Its name.
            args: What it gets, as JavaScript has it.
            context: JavaScript's ``ctx``.

        Returns:
            What it gives, as JavaScript has it.
        """
        sdk = self._sdk
        env, ctx = sdk.env, sdk.context(context)
        handler = self._find_handler(entrypoint, method, ctx, env)
        given = [sdk.from_js(arg) for arg in args]
        if method in _CALLED_BY_HOST:
            if method == "queue" and sdk.wraps_batches:
                given = [sdk.wrap_batch(given[0])]
            given = _as_many_as_taken(handler, [*given, env, ctx])
        result = handler(*given)
        if inspect.isawaitable(result):
            result = await result
        return sdk.to_js(result)

    def _find_handler(self, entrypoint: str | None, method: str, ctx: object, env: object) -> Callable[..., Any]:
        name = "Default" if entrypoint in (None, "default") else entrypoint
        cls = self._classes.get(str(name))
        if cls is not None and not method.startswith("_"):
            made = cls(ctx, env)
            found = _event_method(made, method) if method in _CALLED_BY_HOST else getattr(made, method, None)
        else:
            found = self._functions.get(method) if name == "Default" else None
        if not callable(found):
            msg = f"{name} has no {method}()."
            raise MissingHandlerError(msg)
        return found  # type: ignore[no-any-return]


def _public_method(owner: object, name: str) -> Any:  # noqa: ANN401 - a method, or any attribute
    return None if name.startswith("_") else getattr(owner, name, None)


def _event_method(owner: object, name: str) -> Any:  # noqa: ANN401 - a method, or any attribute
    """The method of *owner* for an event. Older Workers have the prefix of module-level handlers there, too."""
    return getattr(owner, name, None) or getattr(owner, f"on_{name}", None)


def _methods_of(cls: type, base: type) -> list[str]:
    """The public methods of *cls*, inherited ones too, save those of *base* and of what that derives from."""
    found: dict[str, None] = {}
    for each in cls.__mro__:
        if each in base.__mro__:
            continue
        found.update((name, None) for name, value in vars(each).items() if inspect.isfunction(value) and name[0] != "_")
    found.update((event, None) for event in _CALLED_BY_HOST if f"on_{event}" in found)
    return list(found)


def _as_many_as_taken(handler: Callable[..., Any], args: list[Any]) -> list[Any]:
    """The first of *args*, as many as *handler* has parameters for."""
    function = getattr(handler, "__func__", None)
    if function is None:
        return args[: _positional_parameters(handler)]
    if function not in _TAKEN:
        if len(_TAKEN) >= _MAX_TAKEN:
            _TAKEN.clear()
        _TAKEN[function] = _positional_parameters(handler)
    return args[: _TAKEN[function]]


_TAKEN: dict[Any, int | None] = {}
"""How many arguments methods take: to ask `inspect` for each request takes longer than many a handler."""

_MAX_TAKEN = 100


def _positional_parameters(handler: Callable[..., Any]) -> int | None:
    """How many arguments *handler* takes; None if any number."""
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):
        return 1
    kinds = [parameter.kind for parameter in parameters]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(kind in positional for kind in kinds)
