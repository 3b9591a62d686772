# /// script
# dependencies = ["langgraph>=1.2,<2"]
# ///
"""
A LangGraph agent in a workflow: its nodes are steps, a person approves, and the thread goes on in the next instance.

    stepwell sync examples/agents/langgraph_flow.py --runtime cpython
    stepwell run examples/agents/langgraph_flow.py --runtime cpython --id draft --params '{"topic": "tea"}'

and in another terminal:

    stepwell workflows instances send-event DraftFlow draft --type review --payload '"shorter"'

The model is played by a function; put a real one in its place.
"""

import os
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from langgraph_steps import StepSaver, as_step

from workers import WorkflowEntrypoint


class State(TypedDict, total=False):
    """What the nodes share."""

    topic: str
    draft: str
    remark: str


class DraftFlow(WorkflowEntrypoint):
    """One text, from the draft to the version that a person has commented."""

    async def run(self, event, step):
        """Parameters: ``topic``; ``file``, where threads are kept; ``thread``."""
        params = event["payload"] or {}

        async def write(state):
            print("writing about", state["topic"])
            return {"draft": f"A long text about {state['topic']}."}

        async def review(state):
            return {"remark": interrupt({"draft": state["draft"]})}

        async def revise(state):
            print("revising:", state["remark"])
            return {"draft": f"{state['draft']} ({state['remark']})"}

        graph = StateGraph(State)
        graph.add_node("write", as_step(step, write))
        graph.add_node("review", review)  # it only asks: in a replay it asks in the same place
        graph.add_node("revise", as_step(step, revise))
        graph.add_edge(START, "write")
        graph.add_edge("write", "review")
        graph.add_edge("review", "revise")
        graph.add_edge("revise", END)
        file = params.get("file") or os.path.join(os.getcwd(), "threads.sqlite")  # noqa: PTH109, PTH118 - no pathlib here
        compiled = graph.compile(checkpointer=StepSaver(step, file))

        config = {"configurable": {"thread_id": params.get("thread", event["instanceId"])}}
        found = await compiled.ainvoke({"topic": params.get("topic", "tea")}, config)
        if "__interrupt__" in found:
            answer = await step.wait_for_event("review", "review", timeout="7 days")
            found = await compiled.ainvoke(Command(resume=answer["payload"]), config)
        history = [state.next async for state in compiled.aget_state_history(config)]
        return {"draft": found["draft"], "checkpoints": len(history)}
