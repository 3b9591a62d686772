"""
Bindings as Python sees them: objects of JavaScript's whose arguments and results are Python's.

The classes are private, as they are upstream, and have upstream's names: libraries ask for them by ``isinstance``.
"""

from __future__ import annotations

import json
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from _workflows_bridge.errors import from_wire
from _workflows_bridge.proxies import ffi, kind_of, to_error
from _workflows_bridge.values import JsDict

from ._binding import Workflow as _WorkflowBindingWrapper
from ._binding import WorkflowInstance as _WorkflowInstanceWrapper
from ._env import Env as _EnvWrapper
from ._fetch import fetch
from ._rpc import python_from_rpc, python_to_rpc

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Self

__all__ = [
    "JsDict",
    "_BindingWrapper",
    "_DurableObjectNamespaceWrapper",
    "_EnvWrapper",
    "_FetcherWrapper",
    "_RpcStubWrapper",
    "_WorkflowBindingWrapper",
    "_WorkflowInstanceWrapper",
    "python_from_rpc",
    "python_to_rpc",
]

_PASSED_ON = frozenset(
    {
        "ArrayBuffer",
        "BigInt64Array",
        "BigUint64Array",
        "DataView",
        "Float16Array",
        "Float32Array",
        "Float64Array",
        "Headers",
        "Int16Array",
        "Int32Array",
        "Int8Array",
        "ReadableStream",
        "URLSearchParams",
        "Uint16Array",
        "Uint32Array",
        "Uint8Array",
        "Uint8ClampedArray",
    }
)
"""Kinds of results that are handed on as they are, for they are bodies of requests and responses."""


class _BindingWrapper:
    """A binding, or an object that a binding has given."""

    def __new__(cls, binding: Any) -> Self:  # noqa: ANN401 - JavaScript's
        return binding if isinstance(binding, cls) else super().__new__(cls)

    def __init__(self, binding: Any) -> None:  # noqa: ANN401 - JavaScript's
        if binding is not self:
            self._binding = binding

    @property
    def js_object(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """The JavaScript object."""
        return self._binding

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        found = getattr(self._binding, name)
        if not callable(found):
            return self._convert(found)

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the method takes them
            return self._call(found, args, kwargs)

        call.__name__ = name
        return call

    def __getitem__(self, key: int | str) -> Any:  # noqa: ANN401
        found = self._binding[key] if isinstance(key, int) else getattr(self._binding, key)
        return self._convert(found)

    def __iter__(self) -> Iterator[Any]:
        if not hasattr(self._binding, "__iter__"):
            raise TypeError(f"'{self._kind()}' object is not iterable")
        return (self._convert(item) for item in self._binding)

    def __len__(self) -> int:
        length = getattr(self._binding, "length", None)
        if not isinstance(length, int):
            raise TypeError(f"'{self._kind()}' object has no len()")
        return length

    def __bool__(self) -> bool:
        return self._binding is not None

    def __repr__(self) -> str:
        return f"<{self._kind()}>"

    def _kind(self) -> str:
        return kind_of(self._binding) or type(self).__name__

    def _call(self, method: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        given = [python_to_rpc(arg) for arg in args]
        options = {name: python_to_rpc(value) for name, value in kwargs.items()}
        with _translated():
            result = method(*given, **options)
        if isawaitable(result):
            return self._await(result)
        return self._convert(result)

    async def _await(self, promise: Awaitable[Any]) -> Any:  # noqa: ANN401 - what the method gives
        with _translated():
            result = await promise
        return self._convert(result)

    def _convert(self, result: Any) -> Any:  # noqa: ANN401 - JavaScript's
        converted = python_from_rpc(result)
        if isinstance(converted, bytes) and kind_of(result) == "ArrayBuffer":
            return memoryview(converted)
        if isinstance(converted, list):
            return [self._wrap(item) for item in converted]
        return self._wrap(converted)

    def _wrap(self, value: Any) -> Any:  # noqa: ANN401 - any value
        kind = kind_of(value)
        if kind is None or kind in _PASSED_ON:
            return value
        return _RpcStubWrapper(value) if callable(value) else type(self)(value)


class _RpcStubWrapper(_BindingWrapper):
    """A function, or an object with methods, that stays where it is: to call it is to call it there."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as it takes them
        return self._call(self._binding, args, kwargs)


class _FetcherWrapper(_BindingWrapper):
    """Another Worker: its ``fetch``, which takes what `workers.fetch` takes, and the methods of its entrypoint."""

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as `workers.fetch` has it
        with _translated():
            return await fetch(*args, fetcher=self._binding.fetch, **kwargs)


class _ExportWrapper(_FetcherWrapper):
    """An entrypoint of the own Worker. A call gives it with other ``props``."""

    def __call__(self, options: dict[str, Any] | None = None, **more: Any) -> _FetcherWrapper:  # noqa: ANN401 - `props`
        return _FetcherWrapper(self._binding(python_to_rpc({**(options or {}), **more})))


class _DurableObjectNamespaceWrapper:
    """A namespace of Durable Objects: what finds an object gives it as a binding."""

    def __init__(self, binding: Any) -> None:  # noqa: ANN401 - JavaScript's
        self._binding = binding

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        return getattr(self._binding, name)

    def get(self, *args: Any, **kwargs: Any) -> _FetcherWrapper:  # noqa: ANN401 - as JavaScript has it
        """Get the object of an id."""
        return _FetcherWrapper(self._binding.get(*args, **kwargs))

    def getByName(self, *args: Any, **kwargs: Any) -> _FetcherWrapper:  # noqa: ANN401, N802 - upstream's name
        """Get the object of a name."""
        return _FetcherWrapper(self._binding.getByName(*args, **kwargs))

    def jurisdiction(self, *args: Any, **kwargs: Any) -> _DurableObjectNamespaceWrapper:  # noqa: ANN401 - likewise
        """Get the namespace in a jurisdiction."""
        return _DurableObjectNamespaceWrapper(self._binding.jurisdiction(*args, **kwargs))


class _translated:  # noqa: N801 - used as a statement
    """Raises what another Worker has raised as the exception that it was, and JavaScript's own errors as Python's."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        cause = error.__cause__ if isinstance(error, OSError) and error.__cause__ is not None else error
        if not isinstance(cause, Exception) or not isinstance(cause, ffi().JsException):
            return
        wire = getattr(cause, "wire", None)
        known = json.loads(wire) if isinstance(wire, str) else {}
        if "type" in known:
            raise from_wire(known) from None
        if error is cause:
            raise to_error(cause) from None
