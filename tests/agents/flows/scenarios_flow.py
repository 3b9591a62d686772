"""
What agents do in workflows, after the tests that Pydantic AI has for its own engines of durable execution.

Each scenario gives a JSON value, which has to be the same in the first run, in every replay and in every runtime.
"""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import anyio
from pydantic_ai import (
    Agent,
    BinaryContent,
    CancellationToken,
    DocumentUrl,
    FunctionToolset,
    ModelRetry,
    RunContext,
    Tool,
    ToolReturn,
    UsageLimits,
)
from pydantic_ai.capabilities import (
    AbstractCapability,
    Capability,
    DynamicCapability,
    Instrumentation,
    ProcessEventStream,
    ResolveModelId,
    SelectModel,
    Toolset,
)
from pydantic_ai.exceptions import RunCancelled
from pydantic_ai.messages import (
    CustomEvent,
    ModelRequest,
    ModelResponse,
    PartStartEvent,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, StreamedResponse
from pydantic_ai.models.function import DeltaToolCall, FunctionModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.toolsets import DynamicToolset
from pydantic_ai.usage import RequestUsage
from workers import WorkflowEntrypoint
from workers_pydantic_ai import WorkflowsDurability, durable_agents

SCENARIOS = {}
"""Each scenario by its name, with the value that it gives."""
RAN = Counter()
"""What has really been done, by name: requests and calls that were not replayed."""


def gives(expected):
    def register(scenario):
        SCENARIOS[scenario.__name__] = (scenario, expected)
        return scenario

    return register


def call(tool, call_id=None, **arguments):
    return ToolCallPart(tool, arguments, call_id or f"call-{tool}")


def script(*answers):
    """A model that gives the answers one after the other, by those that it sees in the conversation."""

    def answer(messages, _info):
        RAN["request"] += 1
        given = answers[sum(isinstance(message, ModelResponse) for message in messages)]
        return ModelResponse([TextPart(given)] if isinstance(given, str) else given, usage=RequestUsage(input_tokens=5))

    async def stream(messages, info):
        for number, part in enumerate(answer(messages, info).parts):
            if isinstance(part, TextPart):
                yield part.content
            else:
                yield {number: DeltaToolCall(part.tool_name, part.args_as_json_str(), tool_call_id=part.tool_call_id)}

    return FunctionModel(answer, stream_function=stream, model_name="script")


async def chunks(_messages, _info):
    RAN["request"] += 1
    for text in ("Stream", "ed ", "response"):
        yield text


def agent_of(name, model, *capabilities, durability=None, **options):
    return Agent(model, name=name, capabilities=[*capabilities, durability or WorkflowsDurability()], **options)


def returned(result):
    """What the tools have returned."""
    return [part.content for m in result.all_messages() for part in m.parts if part.part_kind == "tool-return"]


def retried(result):
    """What tools have asked the model to do better."""
    parts = [part for m in result.all_messages() for part in m.parts if part.part_kind == "tool-return"]
    return [part.content for part in parts if part.outcome == "retried"]


async def refused(run, *fragments):
    """Those of *fragments* that the error of *run* contains; the whole message where one is missing."""
    try:
        await run
    except Exception as error:
        said = str(error)
        return list(fragments) if all(fragment in said for fragment in fragments) else [type(error).__name__, said]
    return "nothing was refused"


# Streams


@gives([["hello world"], "hello world", ["hello world"]])
async def recorded_streams():
    """Each part of the recorded answer comes at once."""
    agent = agent_of("recorded", TestModel(custom_output_text="hello world"))
    async with agent.run_stream("hi") as stream:
        texts = [text async for text in stream.stream_text(debounce_by=None)]
        output = await stream.get_output()
    async with agent.run_stream_events("hi") as events:
        parts = [event.part.content async for event in events if isinstance(event, PartStartEvent)]
    return [texts, output, parts]


def collect_parts():
    seen = []

    async def handle(_ctx, events):
        async for event in events:
            if isinstance(event, PartStartEvent):
                seen.append(event.part.content)

    return seen, handle


@gives(["Streamed response", ["Streamed response"]])
async def event_stream_of_a_capability():
    """It is given the recorded events in the code of `run()`, in each replay."""
    seen, handle = collect_parts()
    agent = agent_of("processed", FunctionModel(stream_function=chunks), ProcessEventStream(handle))
    return [(await agent.run("hi")).output, seen]


@gives(["Streamed response", ["Streamed response"]])
async def event_stream_handler_of_a_run():
    seen, handle = collect_parts()
    agent = agent_of("handled", FunctionModel(stream_function=chunks))
    return [(await agent.run("hi", event_stream_handler=handle)).output, seen]


async def turns(number):
    for _ in range(number):
        await asyncio.sleep(0)


@gives([["a", "b"], ["a", "b"]])
async def handled_results_of_parallel_tools():
    """Each is handled once, although the first call ends last, while the result of the second is handled."""

    async def slow() -> str:
        await turns(20)
        return "a"

    async def quick() -> str:
        return "b"

    async def handle(_ctx, events):
        async for event in events:
            if event.event_kind == "function_tool_result":
                await turns(100)
                RAN[f"handled {event.part.content}"] += 1

    agent = agent_of(
        "parallel",
        script([call("slow"), call("quick")], "ok"),
        durability=WorkflowsDurability(event_stream_handler=handle),
        tools=[slow, quick],
    )
    result = await agent.run("hi")
    return [returned(result), [name for name in ("a", "b") if RAN[f"handled {name}"]]]


@dataclass(kw_only=True)
class Progress(CustomEvent, name="scenarios.progress"):
    done: int


@gives([["a", "b"], ["call 1", "call 2", "result 1", "result 2"]])
async def events_that_tools_emit():
    """A call that has finished emits nothing in a replay. The framework's events are handled once all the same."""

    async def tell(ctx: RunContext, what: str) -> str:
        await ctx.emit(Progress(done=1))
        return what

    async def handle(_ctx, events):
        async for event in events:
            if event.event_kind.startswith("function_tool_"):
                RAN[f"{event.event_kind.removeprefix('function_tool_')} {event.part.tool_call_id}"] += 1

    agent = agent_of(
        "emitting",
        script([call("tell", "1", what="a")], [call("tell", "2", what="b")], "ok"),
        durability=WorkflowsDurability(event_stream_handler=handle),
        tools=[tell],
    )
    result = await agent.run("hi")
    return [returned(result), sorted(name for name in RAN if name.startswith(("call ", "result ")))]


@gives(["ok", True])
async def handler_that_enqueues():
    """It is refused for the events of the model and for those of tools."""

    async def handle(ctx, events):
        async for event in events:
            try:
                ctx.enqueue("later")
            except Exception as error:
                RAN[f"refused {event.event_kind}"] += "enqueued messages would be dropped" in str(error)

    agent = agent_of(
        "enqueuing",
        TestModel(custom_output_text="ok"),
        durability=WorkflowsDurability(event_stream_handler=handle),
        tools=[Tool(lambda: "x", name="look")],
    )
    output = (await agent.run("hi")).output
    return [output, RAN["refused part_start"] > 0 and RAN["refused function_tool_call"] > 0]


@gives(["Streamed response", False])
async def streams_only_for_a_handler():
    agent = agent_of("plain", FunctionModel(lambda *_: ModelResponse([TextPart("Streamed response")])))
    return [(await agent.run("hi")).output, WorkflowsDurability().has_wrap_run_event_stream]


# Suspended answers, which are continued


@dataclass
class Segment:
    text: str
    state: str = "complete"
    id: str = "last"
    tokens: int = 5

    def response(self):
        return ModelResponse(
            [TextPart(self.text)],
            model_name="suspending",
            provider_name="suspending",
            provider_response_id=self.id,
            usage=RequestUsage(input_tokens=self.tokens),
            state=self.state,
            timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        )


@dataclass
class StreamedSegment(StreamedResponse):
    segment: Segment = field(default_factory=lambda: Segment(""))
    model_name = provider_name = provider_url = "suspending"
    timestamp = datetime(2026, 1, 1, tzinfo=UTC)

    def __post_init__(self):
        self.provider_response_id = self.segment.id
        self.state = self.segment.state
        self._usage = RequestUsage(input_tokens=self.segment.tokens)

    async def _get_event_iterator(self):
        for event in self._parts_manager.handle_text_delta(vendor_part_id=0, content=self.segment.text):
            yield event

    async def close_stream(self):
        pass


class SuspendingModel(Model):
    """Gives the segment that follows the last one of the conversation."""

    model_name = system = "suspending"

    def __init__(self, *segments, delay=None):
        super().__init__()
        self.segments = segments
        self.delay = delay

    def _next(self, messages):
        RAN["request"] += 1
        last = messages[-1]
        ids = [segment.id for segment in self.segments]
        return self.segments[ids.index(last.provider_response_id) + 1 if isinstance(last, ModelResponse) else 0]

    async def request(self, messages, _settings, _parameters):
        return self._next(messages).response()

    @asynccontextmanager
    async def request_stream(self, messages, _settings, parameters, run_context=None):
        yield StreamedSegment(parameters, segment=self._next(messages))

    async def cancel_suspended_response(self, response):
        RAN[f"cancelled {response.provider_response_id}"] += 1

    def continuation_delay(self, _response):
        return self.delay


BEGINNING = Segment("The answer ", "suspended", "first")
END = Segment("is 42.")


def whole(result):
    response = result.all_messages()[-1]
    return [[part.content for part in response.parts], response.state, result.usage.requests, result.usage.input_tokens]


@gives([["The answer ", "is 42."], "complete", 1, 10])
async def continued_answer():
    """Each part of the answer is a step, and the request is counted once."""
    return whole(await agent_of("continued", SuspendingModel(BEGINNING, END)).run("go"))


@gives([["The answer ", "is 42."], "complete", 1, 10])
async def continued_answer_after_a_delay():
    """The engine sleeps, not the process."""
    return whole(await agent_of("delayed", SuspendingModel(BEGINNING, END, delay=0.05)).run("go"))


@gives([["The answer ", "is 42."], "complete", 1, 10])
async def continued_stream():
    _, handle = collect_parts()
    agent = agent_of("streamed_on", SuspendingModel(BEGINNING, END), ProcessEventStream(handle))
    return whole(await agent.run("go"))


@gives([["The answer ", "is 42."], "complete", 1, 5])
async def continued_history():
    """An answer that was suspended in an earlier run is continued, and not begun again."""
    history = [ModelRequest([UserPromptPart("go")]), BEGINNING.response()]
    return whole(await agent_of("resumed", SuspendingModel(BEGINNING, END)).run(message_history=history))


@gives([["total_tokens_limit"], 1])
async def continued_beyond_a_limit():
    """What the provider still computes is cancelled, by a step."""
    endless = replace(BEGINNING, id="second", tokens=100)
    agent = agent_of("limited", SuspendingModel(BEGINNING, endless, END))
    said = await refused(agent.run("go", usage_limits=UsageLimits(total_tokens_limit=20)), "total_tokens_limit")
    return [said, RAN["cancelled second"]]


# Models


def fixed(text):
    return FunctionModel(lambda *_: ModelResponse([TextPart(text)]), model_name=text)


def tenant_model(ctx, model_id):
    return fixed(f"tenant:{ctx.deps}") if model_id == "tenant" else None


@gives(["other", "other", "usual", "success (no tool calls)"])
async def models_of_runs():
    """By key, by the registered object, inside a wrapper, and by a name that the framework knows."""
    other, usual = fixed("other"), fixed("usual")
    agent = agent_of("models", usual, durability=WorkflowsDurability(models={"other": other}))
    runs = ["other", other, WrapperModel(usual), "test"]
    return [(await agent.run("hi", model=model)).output for model in runs]


@gives(["other", "other", "other"])
async def selected_models():
    """By a capability for each request, as an object or by its key, and by an override."""
    other = fixed("other")
    models = {"primary": fixed("primary"), "other": other}
    selections = [SelectModel(lambda _ctx: other), SelectModel(lambda _ctx: "other")]
    agents = [
        agent_of(f"selected{number}", "primary", selection, durability=WorkflowsDurability(models=models))
        for number, selection in enumerate(selections)
    ]
    overridden = agent_of("overridden", fixed("primary"), durability=WorkflowsDurability(models={"other": other}))
    with overridden.override(model="other"):
        last = (await overridden.run("hi")).output
    return [*[(await agent.run("hi")).output for agent in agents], last]


class WrapRequest(AbstractCapability):
    async def before_model_request(self, ctx, request_context):
        request_context.model = WrapperModel(request_context.model)
        return request_context


@gives(["tenant:acme", "tenant:globex", "tenant:acme", "tenant:acme", "tenant:acme"])
async def models_made_of_dependencies():
    """The step makes the model again from its name and the run's dependencies."""
    named = agent_of("tenants", fixed("usual"), ResolveModelId(tenant_model), deps_type=str)
    usual = agent_of("tenant_usual", "tenant", ResolveModelId(tenant_model), deps_type=str)
    wrapped = agent_of("tenant_wrapped", "tenant", WrapRequest(), ResolveModelId(tenant_model), deps_type=str)
    selected = agent_of(
        "tenant_selected",
        fixed("usual"),
        SelectModel(lambda _ctx: "tenant"),
        ResolveModelId(tenant_model),
        deps_type=str,
    )
    return [
        *[(await named.run("hi", model="tenant", deps=deps)).output for deps in ("acme", "globex")],
        *[(await agent.run("hi", deps="acme")).output for agent in (usual, wrapped, selected)],
    ]


@gives([["stale", "could not be rebuilt"], ["resolver exploded"], ["was not registered"]])
async def models_that_cannot_be_made():
    """A step cannot make the model, its maker raises, or the model is an object that nobody has registered."""
    asked = Counter()

    def forgetful(_ctx, model_id):
        asked[model_id] += 1
        return fixed("stale") if model_id == "stale" and asked[model_id] == 1 else None

    def broken(_ctx, model_id):
        raise ValueError("resolver exploded")

    stale = agent_of("stale", fixed("usual"), ResolveModelId(forgetful))
    exploding = agent_of("exploding", fixed("usual"), ResolveModelId(broken))
    return [
        await refused(stale.run("hi", model="stale"), "stale", "could not be rebuilt"),
        await refused(exploding.run("hi", model="any"), "resolver exploded"),
        await refused(agent_of("strict", fixed("usual")).run("hi", model=fixed("other")), "was not registered"),
    ]


@gives(["usual", 0.5])
async def settings_and_instrumentation():
    settings = []

    def answer(_messages, info):
        settings.append(info.model_settings)
        return ModelResponse([TextPart(str(info.model_settings["temperature"]))])

    plain = agent_of("instrumented", fixed("usual"), Instrumentation())
    tuned = agent_of("tuned", FunctionModel(answer))
    return [(await plain.run("hi")).output, float((await tuned.run("hi", model_settings={"temperature": 0.5})).output)]


# Tools


@gives([["higher"], "ok", 2])
async def retry_of_a_dynamic_tool():
    """What a tool asks the model for is a result of its step, and not a failed attempt."""

    def guess(number: int) -> str:
        RAN["guess"] += 1
        if number < 10:
            raise ModelRetry("higher")
        return "right"

    agent = agent_of(
        "guessing",
        script([call("guess", "a", number=1)], [call("guess", "b", number=10)], "ok"),
        toolsets=[DynamicToolset(lambda _ctx: FunctionToolset([guess], id="inner"), id="guesses")],
    )
    result = await agent.run("hi")
    return [retried(result), result.output, RAN["guess"]]


@gives([["enqueued messages would be dropped"]] * 3)
async def enqueue_in_dynamic_toolsets_and_models():
    """In a call, in the discovery of tools, and in the request to a model."""

    def enqueue(ctx: RunContext) -> str:
        ctx.enqueue("later")
        return "done"

    def discover(ctx):
        ctx.enqueue("later")
        return FunctionToolset(id="inner")

    class EnqueuingModel(WrapperModel):
        async def request(self, messages, settings, parameters):
            from pydantic_ai.tools import RunContext as _  # noqa: F401
            from pydantic_ai._run_context import get_current_run_context

            get_current_run_context().enqueue("later")
            return await super().request(messages, settings, parameters)

    calling = agent_of(
        "enqueue_call",
        script([call("enqueue")], "ok"),
        toolsets=[DynamicToolset(lambda _ctx: FunctionToolset([enqueue], id="inner"), id="calls")],
    )
    discovering = agent_of("enqueue_tools", script("ok"), toolsets=[DynamicToolset(discover, id="tools")])
    requesting = agent_of("enqueue_request", EnqueuingModel(script("ok")))
    return [
        await refused(agent.run("hi"), "enqueued messages would be dropped")
        for agent in (calling, discovering, requesting)
    ]


@gives([["cancellation would silently not happen again"], "cancelled:True"])
async def cancelled_runs():
    """A step cannot cancel the run, because a replay would not do so; `run()` itself can."""

    def cancel(ctx: RunContext) -> str:
        ctx.cancel()
        return "done"

    inside = agent_of("cancelling", script([call("cancel")], "ok"), tools=[cancel])
    said = await refused(inside.run("hi"), "cancellation would silently not happen again")
    outside = agent_of("cancelled", script("ok"))
    try:
        async with outside.iter("hi") as run:
            async for node in run:
                if Agent.is_call_tools_node(node):
                    run.cancel()
    except RunCancelled as error:
        return [said, f"cancelled:{bool(error.all_messages())}"]
    return [said, "completed"]


@gives(["Cancel the durable workflow"])
async def token_of_one_process():
    agent = agent_of("one_process", script("ok"))
    return await refused(agent.run("hi", cancellation_token=CancellationToken()), "Cancel the durable workflow")


@gives([["'late' cannot be added at runtime"]] * 3)
async def toolsets_that_come_late():
    """By `iter`, by a capability of the run, and by an override."""
    agent = agent_of("late", script("ok"))

    def late():
        return DynamicToolset(lambda _ctx: FunctionToolset(id="inner"), id="late")

    async def iterate():
        async with agent.iter("hi", toolsets=[late()]):
            pass

    async def override():
        with agent.override(toolsets=[FunctionToolset([lambda: "x"], id="late")]):
            await agent.run("hi")

    return [
        await refused(iterate(), "'late' cannot be added at runtime"),
        await refused(agent.run("hi", capabilities=[Toolset(late())]), "'late' cannot be added at runtime"),
        await refused(override(), "'late' cannot be added at runtime"),
    ]


@gives(["Ada", ["found"], ["bought"]])
async def toolsets_of_capabilities():
    """Of a capability, of two agents, and of a capability that is made for each run."""
    shared = FunctionToolset([Tool(lambda: "found", name="find")], id="shared")
    agent_of("first_user", script("ok"), toolsets=[shared])

    def who(ctx: RunContext[str]) -> str:
        return ctx.deps

    def make(_ctx):
        return Capability(toolsets=[FunctionToolset([Tool(lambda: "bought", name="buy")], id="inner")])

    first = agent_of(
        "contributed", script([call("who")], "ok"), Capability(tools=[Tool(who)], id="people"), deps_type=str
    )
    second = agent_of("reused", script([call("find")], "ok"), toolsets=[shared])
    third = agent_of("made", script([call("buy")], "ok"), DynamicCapability(make, id="made"))
    return [
        returned(await first.run("hi", deps="Ada"))[0],
        returned(await second.run("hi")),
        returned(await third.run("hi")),
    ]


@gives([["refund available: True, opener available: True", "opened", "secret"], ["refund", "hidden"]])
async def revealed_tools():
    """Tools that appear later, by a capability that the model loads and by the result of a tool."""
    billing = Capability(id="billing", defer_loading=True)

    @billing.tool
    def refund(ctx: RunContext) -> str:
        return (
            f"refund available: {ctx.is_tool_available('refund')}, opener available: {ctx.is_tool_available('opener')}"
        )

    answers = [[call("load_capability", id="billing")], [call("refund")], [call("opener")], [call("hidden")], "done"]
    agent = agent_of("revealing", script(*answers), billing)

    @agent.tool_plain
    def opener() -> ToolReturn[str]:
        return ToolReturn("opened", tools=["hidden"])

    @agent.tool_plain(defer_loading=True)
    def hidden() -> str:
        return "secret"

    result = await agent.run("hi")
    revealed = [
        name
        for message in result.all_messages()
        for part in message.parts
        if part.part_kind == "tool-availability-delta"
        for name in part.tools_added
    ]
    return [[text for text in returned(result) if isinstance(text, str)][-3:], revealed]


@gives([["prepared 1", "prepared 2"], ["Timed out after 0.01 seconds."], ["fetched"]])
async def prepared_tools():
    """A tool's definition is prepared once for each request, and the step keeps to it; it may have another name."""
    prepared, seen = [], []

    def prepare(_ctx, definition):
        prepared.append(1)
        timeout = 0.01 if len(prepared) == 1 else None
        return replace(definition, description=f"prepared {len(prepared)}", timeout=timeout)

    async def sleepy() -> str:
        await asyncio.Event().wait()

    def answer(messages, info):
        return ModelResponse(
            [TextPart(info.function_tools[0].description)] if len(messages) > 1 else [call("sleepy")],
            provider_details={"seen": info.function_tools[0].description},
        )

    agent = agent_of("preparing", FunctionModel(answer), tools=[Tool(sleepy, prepare=prepare)])
    result = await agent.run("hi")
    seen = [m.provider_details["seen"] for m in result.all_messages() if isinstance(m, ModelResponse)]
    renamed = agent_of(
        "renaming",
        script([call("fetch_it")], "ok"),
        tools=[
            Tool(lambda: "fetched", name="fetch", prepare=lambda _ctx, tool: replace(tool, name="fetch_it")),
        ],
    )
    return [seen, retried(result), returned(await renamed.run("hi"))]


@gives([{"source": "shelf 3"}, "image/png", "application/pdf", 4])
async def contents_and_metadata():
    """What a tool returns beside text is the same after a replay, and so is what a prompt has."""

    def scan() -> ToolReturn:
        picture = BinaryContent(b"\x89PNG", media_type="image/png")
        paper = DocumentUrl("https://example.com/paper", media_type="application/pdf")
        return ToolReturn(return_value={"found": [picture, paper]}, metadata={"source": "shelf 3"})

    agent = agent_of("scanning", script([call("scan")], "ok"), tools=[scan])
    result = await agent.run(["look", BinaryContent(b"\x00\xff\x00\xff", media_type="image/jpeg")])
    (part,) = [part for m in result.all_messages() for part in m.parts if part.part_kind == "tool-return"]
    picture, paper = part.content["found"]
    prompt = result.all_messages()[0].parts[-1].content[1]
    return [part.metadata, picture.media_type, paper.media_type, len(prompt.data)]


@gives(["delegated", 3, 110])
async def usage_of_an_agent_in_a_tool():
    """It is recorded with the tool's result, and counts in each replay."""
    inner = Agent(
        FunctionModel(lambda *_: ModelResponse([TextPart("delegated")], usage=RequestUsage(input_tokens=100)))
    )

    async def delegate(ctx: RunContext) -> str:
        return (await inner.run("hi", usage=ctx.usage)).output

    agent = agent_of("delegating", script([call("delegate")], "ok"), tools=[delegate])
    result = await agent.run("hi")
    return [returned(result)[0], result.usage.requests, result.usage.input_tokens]


@gives(["mine", "mine", {"team": "red"}])
async def identity_of_a_run():
    agent = agent_of("identified", script("ok"))
    result = await agent.run("hi", run_id="mine", metadata={"team": "red"})
    (message, _) = result.all_messages()
    return [result.run_id, message.run_id, result.metadata]


@gives(["Ada", "changed"])
async def overrides():
    """Dependencies and tools of an override."""

    def who(ctx: RunContext[object]) -> str:
        return ctx.deps["name"]

    agent = agent_of("overriding", script([call("who")], "ok"), tools=[who], deps_type=object)
    with agent.override(deps={"name": "Ada", "lock": asyncio.Lock()}):
        first = returned(await agent.run("hi", deps=None))[0]
    with agent.override(instructions="changed"):
        second = (await agent.run("hi", deps={"name": "Bob"})).all_messages()[0].instructions
    return [first, second]


@gives(["ok", "ok"])
async def sequential_and_parallel_tools():
    order = []

    async def slow(number: int) -> int:
        order.append(number)
        await asyncio.sleep(0)
        return number

    outputs = []
    for name, mode in (("in_order", "sequential"), ("side_by_side", "parallel")):
        agent = agent_of(name, script([call("slow", str(n), number=n) for n in range(4)], "ok"), tools=[slow])
        with agent.parallel_tool_call_execution_mode(mode):
            result = await agent.run("hi")
        assert returned(result) == [0, 1, 2, 3], returned(result)
        outputs.append(result.output)
    return outputs


# Time


@gives(["timed out", "ok", "ok"])
async def timeouts_around_runs():
    """A run that is given up leaves the next ones in peace."""

    async def silent(_messages, _info):
        await asyncio.Event().wait()

    mute = agent_of("mute", FunctionModel(silent))
    agent = agent_of("spoken", script("ok"))
    try:
        await asyncio.wait_for(mute.run("hi"), 0.05)
        first = "answered"
    except TimeoutError:
        first = "timed out"
    with anyio.move_on_after(20):
        second = (await agent.run("hi")).output
    return [first, second, (await asyncio.wait_for(agent.run("hi"), 20)).output]


class Scenarios(WorkflowEntrypoint):
    """Runs them all, one after the other."""

    @durable_agents
    async def run(self, event, step):
        RAN.clear()
        found = {}
        for name, (scenario, _) in SCENARIOS.items():
            try:
                found[name] = await scenario()
            except Exception as error:
                found[name] = f"{type(error).__name__}: {error}"
        return found
