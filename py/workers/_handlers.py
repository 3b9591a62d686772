"""Functions that are given what their parameters name: rollback handlers and delay functions."""

from __future__ import annotations

from difflib import get_close_matches
from inspect import Parameter, iscoroutine, signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence


def by_name(
    function: Callable[..., Any], known: Sequence[str], what: str
) -> Callable[[dict[str, Any]], Awaitable[Any]]:
    """
    Make a coroutine function of *function* that takes everything, and hands on what the parameters ask for.

    Args:
        function: The user's, sync or async.
        known: The names that there are.
        what: What the function is called in errors.

    Raises:
        TypeError: It has a parameter of another name.
    """
    names, everything = _names_of(function, known, what)

    async def call(values: dict[str, Any]) -> Any:  # noqa: ANN401 - what the function returns
        result = function(**(values if everything else {name: values[name] for name in names}))
        return await result if iscoroutine(result) else result

    return call


def _names_of(function: Callable[..., Any], known: Sequence[str], what: str) -> tuple[list[str], bool]:
    names, everything = [], False
    for parameter in _parameters(function):
        if parameter.kind is Parameter.VAR_KEYWORD:
            everything = True
        elif parameter.name in known and parameter.kind is not Parameter.POSITIONAL_ONLY:
            names.append(parameter.name)
        elif parameter.default is Parameter.empty and parameter.kind is not Parameter.VAR_POSITIONAL:
            near = get_close_matches(parameter.name, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{what} has a parameter {parameter.name!r}. It can have: {', '.join(known)}.{hint}")
    return names, everything


def _parameters(function: Callable[..., Any]) -> list[Parameter]:
    try:
        return list(signature(function).parameters.values())
    except ValueError:
        return []  # of a function in C that does not say
