# /// script
# dependencies = ["stepwell[pydantic-ai]"]
# ///
"""
A shopping agent on Pydantic AI: each answer of the model and each call of a tool is a step.

It looks for the goods of a list, asks a person before it pays, and writes a receipt. Kill the process at any moment and
give the same command again: what the agent has done is not done again. A person's approval may take days; meanwhile
nothing runs.

    stepwell sync examples/agents/shop_agent.py
    stepwell run examples/agents/shop_agent.py --id shopping

and in another terminal:

    stepwell workflows instances send-event ShopAgent shopping --type approval-1 --payload '{"approved": true}'

The model is a script, so the example needs no network. For a real one set the variable MODEL, for example to
"openai:gpt-5", and declare the provider's package.
"""

from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.tools import RunContext, Tool

from workers import WorkflowEntrypoint
from workers_pydantic_ai import ApproveByEvent, WorkflowsDurability, durable_agents

PRICES = {"tea": 4.5, "milk": 1.2, "bread": 3.0}


def find_price(ctx: RunContext[dict], item: str) -> float:
    """Look up the price of an item."""
    note(ctx.deps, f"find_price {item}")
    return PRICES[item]


def pay(ctx: RunContext[dict], total: float) -> str:
    """Pay for everything."""
    note(ctx.deps, "pay")
    return f"paid {total:.2f}"


def note(deps, line):
    """Count what was really done, for those who want to check it."""
    if deps.get("count"):
        deps["count"](line)
    else:
        print(line)


def script(messages, _info):
    """Answer as a model would: look for each item, then pay, then report."""
    answers = [message for message in messages if isinstance(message, ModelResponse)]
    returned = [part for message in messages for part in message.parts if part.part_kind == "tool-return"]
    if not answers:
        items = messages[0].parts[-1].content.removeprefix("Please buy: ").split(", ")
        return ModelResponse([ToolCallPart("find_price", {"item": item}, f"find-{item}") for item in items])
    if len(answers) == 1:
        return ModelResponse([ToolCallPart("pay", {"total": sum(part.content for part in returned)}, "pay")])
    return ModelResponse([TextPart(f"Done: {returned[-1].content}.")])


agent = Agent(
    FunctionModel(script, model_name="script"),
    name="shopper",
    deps_type=dict,
    tools=[
        Tool(find_price, metadata={"workflows": {"retries": {"limit": 3, "delay": "1 second"}}}),
        Tool(pay, requires_approval=True),
    ],
    capabilities=[WorkflowsDurability(model_config={"timeout": "2 minutes"}), ApproveByEvent()],
)


class ShopAgent(WorkflowEntrypoint):
    """One trip to the shop."""

    @durable_agents
    async def run(self, event, step):
        """Parameters: ``items``, a list of names."""
        items = (event["payload"] or {}).get("items", ["tea", "milk"])
        model = getattr(self.env, "MODEL", None)
        result = await agent.run(f"Please buy: {', '.join(items)}", model=model, deps={})

        @step.do("write the receipt")
        async def write_the_receipt():
            return {"bought": items, "report": result.output, "requests": result.usage.requests}

        return await write_the_receipt()
