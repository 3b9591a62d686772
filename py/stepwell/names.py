"""Upstream's rules for names, for a clear word before anything is started."""

from __future__ import annotations

import re

from stepwell.exceptions import InputError

MAX_NAME_CHARACTERS = 64
MAX_ID_CHARACTERS = 100
MAX_EVENT_TYPE_CHARACTERS = 100

LATEST = "latest"
"""Stands for the newest instance where a command takes an id."""

_WORD = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_-]*")
_RESERVED = re.compile(r"batch|terminate|terminateAll|cf_[0-9a-f]{64}")


def name_problem(name: str, limit: int) -> str | None:
    """Why *name* is not a name of at most *limit* characters, as the rest of a sentence; None if it is one."""
    if not name:
        return "is empty"
    if len(name) > limit:
        return f"is {len(name)} characters long; the limit is {limit}"
    if not _WORD.fullmatch(name):
        return f"is {name!r}; letters, digits, '_' and '-' are allowed, and no '-' at the start"
    return None


def check_instance_id(instance_id: str) -> None:
    """
    Raise unless an instance can be made with *instance_id*.

    Raises:
        InputError: It cannot.
    """
    if problem := name_problem(instance_id, MAX_ID_CHARACTERS):
        raise InputError(f"Instance id {problem}.")
    if _RESERVED.fullmatch(instance_id) or instance_id == LATEST:
        raise InputError(f"Instance id {instance_id!r} is reserved; choose another.")


def check_event_type(event_type: str) -> None:
    """
    Raise unless *event_type* is one.

    Raises:
        InputError: It is not.
    """
    if problem := name_problem(event_type, MAX_EVENT_TYPE_CHARACTERS):
        raise InputError(f"Event type {problem}.")


def binding_name(class_name: str) -> str:
    """The name under which code finds the workflow of a class where nothing else is configured: ORDER_WORKFLOW."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).upper()
