"""Waits of an agent for something outside, by ``step.wait_for_event``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_ai.durable_exec import ExternalEventError, ExternalEventWaiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from pydantic import JsonValue

    from ._scope import AgentScope

__all__ = ["EventWaiter", "event_of", "milliseconds"]

LONGEST_WAIT = "365 days"
"""The timeout of a wait that has none; the engine allows no longer one."""


def event_of(token: str) -> tuple[str, str]:
    """
    Splits a resume token into the ID of the instance that waits and the type of the event to send to it.

    The event's payload is the answer: ``await instance.send_event({"type": type, "payload": answer})``.
    """
    instance_id, _, event_type = token.rpartition("/")
    return instance_id, event_type


class EventWaiter(ExternalEventWaiter):
    """Waits for an event of a type that no other wait of the instance has, so a second answer is never mistaken."""

    def __init__(self, scope: AgentScope, agent: str) -> None:
        """Wait in *scope*, for the agent of that name."""
        self._scope = scope
        self._agent = agent

    async def wait(
        self,
        name: str,
        *,
        ask: Callable[[str], Awaitable[JsonValue]],
        timeout: timedelta | None,  # noqa: ASYNC109 - the signature of the base
    ) -> JsonValue:
        """See `ExternalEventWaiter`."""
        step = self._scope.step
        event_type = f"{name}-{self._scope.next(f'event {name}')}"
        step_name = f"{self._agent}__external_event.{event_type}"

        async def hand_out() -> JsonValue:
            return await ask(f"{self._scope.instance_id}/{event_type}")

        answer: JsonValue = await step.do(f"{step_name}.ask")(hand_out)()
        if answer is not None:
            return answer
        patience = LONGEST_WAIT if timeout is None else milliseconds(timeout)
        try:
            event = await step.wait_for_event(step_name, event_type, timeout=patience)
        except Exception as error:
            # Cloudflare has no class for it in Python.
            if "timed out" not in str(error):
                raise
            raise ExternalEventError(f"no event of type {event_type!r} came within {timeout}") from error
        payload: JsonValue = event["payload"]
        return payload


def milliseconds(duration: timedelta) -> int:
    """*duration* in ms, as both SDKs take it."""
    return int(duration.total_seconds() * 1000)
