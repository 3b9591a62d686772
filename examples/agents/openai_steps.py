"""
The OpenAI Agents SDK in a workflow: requests to the model, tools and the session are steps.

What has finished is not run again after a crash. In a replay each step gives what it gave before.

For runtime cpython: the SDK's dependencies have no wheels for Pyodide.
"""

from contextlib import closing
from dataclasses import replace

from agents import FunctionTool
from agents.items import ModelResponse
from agents.memory import Session
from agents.models.interface import Model
from pydantic import TypeAdapter

RESPONSE = TypeAdapter(ModelResponse)


class StepModel(Model):
    """Makes each request to *model* a step of the workflow's *step*, with the configuration *config*."""

    def __init__(self, step, model, config=None):
        self._step = step
        self._model = model
        self._config = config

    async def get_response(self, *args, **kwargs):
        """Ask the model, or give what it answered before."""

        @self._step.do("model request", config=self._config)
        async def request():
            return RESPONSE.dump_python(await self._model.get_response(*args, **kwargs), mode="json")

        return RESPONSE.validate_python(await request())

    def stream_response(self, *_args, **_kwargs):
        """Refuse: a step gives its result when it has ended."""
        message = "StepModel does not stream. Use Runner.run() in place of Runner.run_streamed()."
        raise NotImplementedError(message)


class StepSession(Session):
    """
    Makes each operation of a session a step, so that a replay does not add items again.

    *open_session* gives the session of that ID; each step opens it and closes it.
    """

    session_settings = None

    def __init__(self, step, session_id, open_session):
        self.session_id = session_id
        self._step = step
        self._open = open_session

    async def get_items(self, limit=None):
        """Read the conversation."""
        return await self._run("get_items", limit)

    async def add_items(self, items):
        """Add to the conversation."""
        await self._run("add_items", items)

    async def pop_item(self):
        """Take the last item back."""
        return await self._run("pop_item")

    async def clear_session(self):
        """Forget the conversation."""
        await self._run("clear_session")

    async def _run(self, name, *args):
        @self._step.do(f"session {name}")
        async def operation():
            with closing(self._open(self.session_id)) as session:
                return await getattr(session, name)(*args)

        return await operation()


def step_tool(step, tool: FunctionTool, config=None) -> FunctionTool:
    """Make each call of *tool* a step of that name."""

    async def invoke(ctx, arguments):
        @step.do(f"tool {tool.name}", config=config)
        async def call():
            return await tool.on_invoke_tool(ctx, arguments)

        return await call()

    return replace(tool, on_invoke_tool=invoke)
