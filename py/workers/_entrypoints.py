"""Entrypoints other than workflows."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from _workflows_bridge.proxies import from_js, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._env import Env
    from ._types import Context

_Result = TypeVar("_Result")


class WorkerEntrypoint:
    """
    Base class of a Worker, whose ``fetch`` answers requests.

    ``stepwell dev`` and ``stepwell serve`` call its methods.
    """

    env: Any
    """Variables and bindings. A Worker may declare it with a Protocol of its own, for editors."""

    def __init__(self, ctx: Context, env: Env) -> None:
        self.ctx = ctx
        self.env = env


class DurableObject:
    """
    Base class of a Durable Object, whose methods are called by stubs of its namespace.

    ``self.ctx.storage`` has what it has stored. Its variables are lost when it leaves memory.
    """

    env: Any
    """Variables and bindings. A Worker may declare it with a Protocol of its own, for editors."""

    def __init__(self, ctx: Any, env: Env) -> None:  # noqa: ANN401 - a `DurableObjectContext`
        self.ctx = ctx
        self.env = env


def handler(function: Callable[..., _Result]) -> Callable[..., _Result]:
    """
    Mark a global function such as ``on_fetch`` as a handler.

    It gets a `Request` where JavaScript hands over its own.
    """

    @wraps(function)
    def handle(*args: Any, **kwargs: Any) -> _Result:  # noqa: ANN401 - as the handler takes them
        if args and kind_of(args[0]) == "Request":
            args = (from_js(args[0]), *args[1:])
        return function(*args, **kwargs)

    return handle
