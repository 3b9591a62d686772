"""The text of a model's answer as progress of the step that requests it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pydantic_ai.messages import (
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator

    from pydantic_ai.agent import EventStreamHandler
    from pydantic_ai.tools import RunContext

__all__ = ["reporting", "with_progress"]

_report: ContextVar[Callable[[dict[str, str]], object] | None] = ContextVar("workers_pydantic_ai_report", default=None)


@contextmanager
def reporting(ctx: Any) -> Iterator[None]:  # noqa: ANN401 - of either SDK
    """Have the step of *ctx* report what is streamed. Cloudflare's steps cannot report."""
    token = _report.set(getattr(ctx, "report_progress", None))
    try:
        yield
    finally:
        _report.reset(token)


def with_progress(handler: EventStreamHandler[Any] | None) -> EventStreamHandler[Any]:
    """A handler of a model's events that reports them as they come, and passes them on to *handler*."""

    async def handle(ctx: RunContext[Any], events: AsyncIterable[Any]) -> None:
        reported = _reported(events, _report.get())
        if handler is not None:
            await handler(ctx, reported)
        # What the handler has left is reported too.
        async for _ in reported:
            pass

    return handle


async def _reported(
    events: AsyncIterable[Any], report: Callable[[dict[str, str]], object] | None
) -> AsyncIterator[Any]:
    async for event in events:
        item = _item_of(event)
        if item is not None and report is not None:
            report(item)
        yield event


def _item_of(event: Any) -> dict[str, str] | None:  # noqa: ANN401 - any event
    """What followers see of *event*: a piece of text or of thinking, or the name of a tool that is called."""
    match event:
        case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return {"text": text} if text else None
        case (
            PartStartEvent(part=ThinkingPart(content=text))
            | PartDeltaEvent(delta=ThinkingPartDelta(content_delta=text))
        ):
            return {"thinking": text} if text else None
        case PartStartEvent(part=ToolCallPart(tool_name=name)):
            return {"tool_call": name}
    return None
