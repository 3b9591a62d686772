"""What a test changes of instances: mocked outcomes, skipped sleeps, forced timeouts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from stepwell.testing.codec import encode, error_to_wire
from stepwell.testing.selectors import to_selector, to_selectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.testing.engine import EngineHandle
    from stepwell.testing.selectors import StepSelector


class Modifier:
    """
    Changes one instance, or all further instances of a workflow. Restarts and crashes keep the changes.

    For an attempt of a step a mocked error comes first, then a forced timeout, then a mocked result, then the callback.
    """

    def __init__(self, engine: EngineHandle, workflow: str, instance_id: str | None) -> None:
        self._engine = engine
        self._workflow = workflow
        self._id = instance_id

    def disable_sleeps(self, steps: Sequence[StepSelector] | None = None) -> Modifier:
        """Let sleeps end at once: those of *steps*, or all."""
        return self._change("disableSleeps", steps=to_selectors(steps))

    def disable_retry_delays(self, steps: Sequence[StepSelector] | None = None) -> Modifier:
        """Let failed attempts be repeated at once: those of *steps*, or all. The log has the delay as it would be."""
        return self._change("disableRetryDelays", steps=to_selectors(steps))

    def mock_step_result(self, step: StepSelector, result: object) -> Modifier:
        """
        Give a step *result* in place of its callback's, which is not called.

        An async iterator of bytes is a stream, as it is in a step: it is read to its end now.

        Raises:
            ModifierError: The step is mocked already.
        """
        return self._change("mockStepResult", step=to_selector(step), **_result(result))

    def mock_step_error(
        self, step: StepSelector, error: BaseException | type[BaseException] | str, times: int | None = None
    ) -> Modifier:
        """
        Let attempts of a step fail with *error* without calling its callback: the next *times*, or all.

        Raises:
            ModifierError: The step is mocked already.
        """
        return self._change("mockStepError", step=to_selector(step), error=error_to_wire(error), times=_times(times))

    def force_step_timeout(self, step: StepSelector, times: int | None = None) -> Modifier:
        """
        Let attempts of a step time out at once: the next *times*, or all.

        Raises:
            ModifierError: The step is mocked already.
        """
        return self._change("forceStepTimeout", step=to_selector(step), times=_times(times))

    def mock_event(self, type: str, payload: object = None) -> Modifier:  # noqa: A002 - upstream's name
        """Have an event ready for the next wait for events of *type*."""
        return self._change("mockEvent", type=type, payload=encode(payload, "payload"))

    def force_event_timeout(self, step: StepSelector) -> Modifier:
        """Let a wait for an event time out at once."""
        return self._change("forceEventTimeout", step=to_selector(step))

    def _change(self, method: str, **fields: object) -> Modifier:
        self._engine.call("modify", workflow=self._workflow, id=self._id, method=method, **fields)
        return self


def _result(result: object) -> dict[str, str]:
    if not isinstance(result, AsyncIterable):
        return {"value": encode(result, "result")}
    # In a thread: an event loop may run in this one.
    with ThreadPoolExecutor(1) as pool:
        return {"stream": encode(pool.submit(asyncio.run, _read(result)).result(), "result")}


async def _read(stream: AsyncIterable[object]) -> bytes:
    chunks: list[bytes] = []
    async for chunk in stream:
        if not isinstance(chunk, bytes | bytearray | memoryview):
            raise TypeError(
                f"The stream of a mocked result gives a {type(chunk).__name__}; its chunks have to be bytes."
            )
        chunks.append(bytes(chunk))
    return b"".join(chunks)


def _times(times: int | None) -> int | None:
    if times is not None and (type(times) is not int or times < 1):
        raise TypeError(f"times is {times!r}; it must be a number from 1, or None for all attempts.")
    return times
