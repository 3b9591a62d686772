"""Streams of the model, inside steps."""

from __future__ import annotations

import asyncio

from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.function import DeltaToolCall, FunctionModel
from scripted_agents import run

from workers_pydantic_ai import WorkflowsDurability


class Streaming:
    """An agent whose answer comes in pieces."""

    def __init__(self, *, handled: bool = True, leaves: bool = False, report_progress: bool = False) -> None:
        self.leaves = leaves
        self.requests = 0
        self.seen: list[str] = []
        self.agent = Agent(
            FunctionModel(stream_function=self._stream),
            name="poet",
            tools=[self.rhyme],
            capabilities=[
                WorkflowsDurability(
                    event_stream_handler=self.handle if handled else None, report_progress=report_progress
                )
            ],
        )

    async def _stream(self, messages, _info):
        self.requests += 1
        if len(messages) == 1:
            yield {0: DeltaToolCall("rhyme", "{}", tool_call_id="a")}
        else:
            for word in ("roses ", "are ", "red"):
                yield word

    def rhyme(self) -> str:
        return "red, bed"

    async def handle(self, _ctx, events):
        async for event in events:
            self.seen.append(event.event_kind)
            if self.leaves:
                break


def test_event_stream_handler(workflow):
    """The handler sees the model's events while they come, and the tools' events, each once in all replays."""
    poet = Streaming()
    workflow.crash_after = {"poet__model.request_stream"}

    async def body(_step):
        return (await poet.agent.run("hi")).output

    assert run(workflow, body) == "roses are red"
    seen = list(poet.seen)
    assert run(workflow, body) == "roses are red"

    assert poet.seen == seen
    assert seen.count("part_delta") == 2
    assert seen.count("function_tool_call") == seen.count("function_tool_result") == 1
    assert poet.requests == 2
    assert "poet__event_stream_handler-1" in workflow.steps


def test_run_stream(workflow):
    """`run_stream` gives the recorded answer: the step has finished before its first piece is seen."""
    poet = Streaming()

    async def body(_step):
        async with poet.agent.run_stream("hi") as result:
            return "".join([text async for text in result.stream_text(delta=True)])

    assert run(workflow, body) == "roses are red"


def test_iter(workflow):
    """`iter` over the agent's graph has the same steps."""
    poet = Streaming()

    async def body(_step):
        async with poet.agent.iter("hi") as agent_run:
            async for _node in agent_run:
                pass
        return agent_run.result.output

    assert run(workflow, body) == "roses are red"
    steps = [step for step in workflow.steps if "event_stream_handler" not in step]
    assert steps == [
        "poet__model.request_stream-1",
        "poet__function_toolset__<agent>.call_tool:rhyme-1",
        "poet__model.request_stream-2",
    ]


PROGRESS = [
    ("poet__model.request_stream-1", {"tool_call": "rhyme"}),
    ("poet__model.request_stream-2", {"text": "roses "}),
    ("poet__model.request_stream-2", {"text": "are "}),
    ("poet__model.request_stream-2", {"text": "red"}),
]


def test_progress(workflow):
    """With `report_progress` the pieces of an answer are progress of its step, once, and no other step is made."""
    poet = Streaming(handled=False, report_progress=True)
    workflow.crash_after = {"poet__model.request_stream"}

    async def body(_step):
        return (await poet.agent.run("hi")).output

    assert run(workflow, body) == "roses are red"

    assert workflow.progress == PROGRESS
    assert poet.requests == 2
    assert [step for step in workflow.steps if "event_stream_handler" in step] == []


def test_progress_beside_a_handler(workflow):
    """A handler, which may leave the stream early, sees the events too, and everything is reported."""
    poet = Streaming(leaves=True, report_progress=True)

    async def body(_step):
        return (await poet.agent.run("hi")).output

    assert run(workflow, body) == "roses are red"
    assert workflow.progress == PROGRESS
    assert poet.seen.count("part_start") == 2


def test_no_progress_outside_a_workflow():
    """Outside a workflow the agent runs as usual."""
    poet = Streaming(handled=False, report_progress=True)
    poet.agent.model = FunctionModel(lambda _messages, _info: ModelResponse([TextPart("plain")]))

    assert asyncio.run(poet.agent.run("hi")).output == "plain"
