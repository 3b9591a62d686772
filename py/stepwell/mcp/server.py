"""The server: what it answers to each request of the protocol."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from stepwell import __version__
from stepwell.exceptions import ApiError, InputError, StepwellError
from stepwell.mcp.admin import ADMIN_TOOLS
from stepwell.mcp.host_access import CallerAccess
from stepwell.mcp.keeping import keep_owner
from stepwell.mcp.relay import answering_errors
from stepwell.mcp.tasks import EXTENSION, event_payload, new_task, open_waits, task_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp.server.context import ServerRequestContext

    from stepwell.mcp.host_access import HostAccess
    from stepwell.models import InstanceDetail

__all__ = ["make_server", "serve_stdio"]

MISSING_CAPABILITY = -32003
"""The client has not declared the extension. Later revisions of the protocol number it -32021."""
ALREADY_EXISTS = "instance.already_exists"
FINAL = frozenset({"complete", "errored", "terminated"})
ANSWER_TIMEOUT_S = 2.0
"""How long an answer may take to end its wait before the client is told that it was accepted."""


class TaskParams(types.RequestParams):
    """Of `tasks/get` and `tasks/cancel`."""

    task_id: str


class UpdateParams(TaskParams):
    """Of `tasks/update`."""

    input_responses: dict[str, dict[str, Any]]


def serve_stdio(host: HostAccess) -> None:
    """Serve one client on stdin and stdout, until it closes them."""

    async def serve() -> None:
        server = make_server(host, lambda _request: CallerAccess(host))
        async with (
            keep_owner(host),
            stdio_server() as streams,
            answering_errors(*streams) as (incoming, outgoing),
        ):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(serve)


def make_server(host: HostAccess, caller_of: Callable[[Any], CallerAccess]) -> Server[Any]:
    """
    A server whose tools are the workflows of *host*, and those that look after instances.

    Args:
        host: The owner of the state.
        caller_of: Gives the caller of a request of HTTP; on stdio the request is None.
    """
    answers = _Answers(host, caller_of)
    server: Server[Any] = Server(
        "stepwell", version=__version__, on_list_tools=answers.list_tools, on_call_tool=answers.call_tool
    )
    server.extensions[EXTENSION] = {}
    server.add_request_handler("tasks/get", TaskParams, _refusing(answers.get_task))
    server.add_request_handler("tasks/update", UpdateParams, _refusing(answers.update_task))
    server.add_request_handler("tasks/cancel", TaskParams, _refusing(answers.cancel_task))
    return server


def _refusing(answer: Callable[[Any, Any], Awaitable[dict[str, Any]]]) -> Callable[[Any, Any], Awaitable[Any]]:
    """*answer*, whose refusals by the host are errors of JSON-RPC with the host's words."""

    async def answer_or_refuse(ctx: ServerRequestContext[Any, Any], params: TaskParams) -> dict[str, Any]:
        try:
            return await answer(ctx, params)
        except StepwellError as error:
            code = types.INVALID_PARAMS if isinstance(error, InputError) else types.INTERNAL_ERROR
            raise MCPError(code, _sound(str(error))) from error

    return answer_or_refuse


class _Answers:
    """Answers requests. Calls of the host block, so they are made in threads."""

    def __init__(self, host: HostAccess, caller_of: Callable[[Any], CallerAccess]) -> None:
        self._host = host
        self._caller_of = caller_of

    async def list_tools(
        self, ctx: ServerRequestContext[Any, Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Give the tools that the caller's token allows."""
        may_write = self._caller_of(ctx.request).scope != "read"
        tools = [
            types.Tool(name=name, description=_description(name), input_schema=_input_schema(schema))
            for name, schema in self._host.workflows.items()
            if may_write
        ]
        tools += [
            types.Tool(name=name, description=tool.description, input_schema=tool.schema)
            for name, tool in ADMIN_TOOLS.items()
            if may_write or tool.scope == "read"
        ]
        return types.ListToolsResult(tools=tools)

    async def call_tool(self, ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams) -> Any:  # noqa: ANN401 - a result or a task
        given = params.arguments or {}
        caller = self._caller_of(ctx.request)
        try:
            if params.name in self._host.workflows:
                _require_tasks(ctx)
                return await self._start(caller, params.name, given)
            if (tool := ADMIN_TOOLS.get(params.name)) is None:
                known = ", ".join([*self._host.workflows, *ADMIN_TOOLS])
                raise MCPError(types.INVALID_PARAMS, f"Unknown tool {params.name!r}. There are: {known}.")
            _check_arguments(params.name, tool.schema, given)
            return _result(await anyio.to_thread.run_sync(tool.call, caller, given))
        except InputError as error:
            return types.CallToolResult(content=[types.TextContent(text=_sound(str(error)))], is_error=True)
        except (StepwellError, OSError, subprocess.SubprocessError) as error:
            raise MCPError(types.INTERNAL_ERROR, _sound(str(error))) from error

    async def _start(self, caller: CallerAccess, workflow: str, given: dict[str, Any]) -> dict[str, Any]:
        payload = given["payload"] if _is_wrapped(self._host.workflows[workflow]) else given
        instance_id = str(uuid.uuid4())
        try:
            await _call(caller, lambda client: client.create(workflow, instance_id, payload))
        except ApiError as error:
            # The owner has ended after it made the instance and before it said so.
            if error.reason != ALREADY_EXISTS:
                raise
        return new_task(instance_id, datetime.now(UTC))

    async def get_task(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> dict[str, Any]:
        """Give the state of a task."""
        _require_tasks(ctx)
        found: dict[str, Any] = _sound_json(
            task_of(params.task_id, await _detail(self._caller_of(ctx.request), params.task_id))
        )
        return found

    async def update_task(self, ctx: ServerRequestContext[Any, Any], params: UpdateParams) -> dict[str, Any]:
        """Send the answers as events. Answers to what is not asked any more are ignored."""
        _require_tasks(ctx)
        caller, task = self._caller_of(ctx.request), params.task_id
        workflow = await _workflow(caller, task)
        waits = open_waits(await _detail(caller, task))
        for key, response in params.input_responses.items():
            if key in waits:
                sends, payload = event_payload(waits[key], response)
                if sends:
                    event_type = waits[key].event_type
                    await _call(
                        caller, partial(_send, workflow=workflow, instance=task, kind=event_type, payload=payload)
                    )
                    await _until_answered(caller, task, key)
        return {"resultType": "complete"}

    async def cancel_task(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> dict[str, Any]:
        """Terminate the instance."""
        _require_tasks(ctx)
        caller, task = self._caller_of(ctx.request), params.task_id
        workflow = await _workflow(caller, task)
        if (await _detail(caller, task)).status not in FINAL:
            await _call(caller, lambda client: client.change_status(workflow, task, {"status": "terminate"}))
        return {"resultType": "complete"}


async def _until_answered(caller: CallerAccess, task: str, key: str) -> None:
    """A second answer that came now would be kept for the next wait of the same type."""
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while key in open_waits(await _detail(caller, task)) and time.monotonic() < deadline:  # noqa: ASYNC110 - only the host knows
        await anyio.sleep(0.02)


async def _detail(caller: CallerAccess, task: str) -> InstanceDetail:
    workflow = await _workflow(caller, task)
    detail: InstanceDetail = await _call(caller, lambda client: client.instance(workflow, task))
    return detail


async def _workflow(caller: CallerAccess, task: str) -> str:
    workflow = await anyio.to_thread.run_sync(caller.workflow_of, task)
    if workflow is None:
        raise MCPError(types.INVALID_PARAMS, f"There is no task {task!r}.")
    return workflow


async def _call(caller: CallerAccess, request: Any) -> Any:  # noqa: ANN401 - of the client
    return await anyio.to_thread.run_sync(caller.call, request)


def _send(client: Any, *, workflow: str, instance: str, kind: str | None, payload: Any) -> object:  # noqa: ANN401
    return client.send_event(workflow, instance, kind, payload)


def _require_tasks(ctx: ServerRequestContext[Any, Any]) -> None:
    capabilities = ctx.session.client_capabilities
    if EXTENSION not in ((capabilities.extensions if capabilities else None) or {}):
        raise MCPError(
            MISSING_CAPABILITY,
            f"A workflow is called as a task: the client must declare the extension {EXTENSION}. "
            "The tool stepwell_start_workflow works without it.",
            {"requiredCapabilities": {"extensions": {EXTENSION: {}}}},
        )


def _check_arguments(name: str, schema: dict[str, Any], given: dict[str, Any]) -> None:
    missing = [key for key in schema["required"] if key not in given]
    unknown = [key for key in given if key not in schema["properties"]]
    if missing or unknown:
        what = f"needs {', '.join(missing)}" if missing else f"does not take {', '.join(unknown)}"
        raise MCPError(types.INVALID_PARAMS, f"Tool {name!r} {what}. It takes: {', '.join(schema['properties'])}.")
    for key, value in given.items():
        if not _fits(schema["properties"][key], value):
            wanted = json.dumps(schema["properties"][key])
            raise MCPError(types.INVALID_PARAMS, f"Argument {key!r} of tool {name!r} does not fit its schema {wanted}.")


def _fits(schema: dict[str, Any], value: object) -> bool:
    """Whether *value* is as the schema of an argument has it: a text, a whole number, one of a list, or anything."""
    match schema:
        case {"type": "string"}:
            return isinstance(value, str)
        case {"type": "integer", "minimum": least}:
            return isinstance(value, int) and not isinstance(value, bool) and value >= least
        case {"enum": values}:
            return value in values
    return True


def _description(workflow: str) -> str:
    return f"Run the workflow {workflow}. It is durable: the result comes by its task, also after a crash."


def _is_wrapped(schema: dict[str, Any] | None) -> bool:
    """Whether the payload is no object, and so has to be an argument of a tool."""
    return schema is not None and schema.get("type") != "object"


def _input_schema(schema: dict[str, Any] | None) -> dict[str, Any]:
    if schema is None:
        return {"type": "object"}
    if not _is_wrapped(schema):
        return schema
    inner = dict(schema)
    definitions = inner.pop("$defs", None)
    wrapped = {"type": "object", "properties": {"payload": inner}, "required": ["payload"]}
    return wrapped if definitions is None else {**wrapped, "$defs": definitions}


def _result(value: Any) -> types.CallToolResult:  # noqa: ANN401 - JSON
    text = _sound(json.dumps(value, ensure_ascii=False, default=str))
    structured = json.loads(text)
    structured = structured if isinstance(structured, dict) else {"result": structured}
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=structured)


def _sound_json(value: Any) -> Any:  # noqa: ANN401 - JSON
    """*value* with marks in its texts in place of characters that are not Unicode."""
    return json.loads(_sound(json.dumps(value, ensure_ascii=False)))


def _sound(text: str) -> str:
    """*text* with marks in place of characters that are not Unicode."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
