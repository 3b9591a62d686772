"""Tools that look after instances, beside those that are workflows."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.client import Client
    from stepwell.mcp.host_access import CallerAccess

__all__ = ["ADMIN_TOOLS", "AdminTool"]

TEXT = {"type": "string"}
WHOLE = {"type": "integer", "minimum": 1}
INSTANCE = {"workflow": TEXT, "instance_id": TEXT}
REPLAY_TIMEOUT_S = 300


@dataclass(frozen=True)
class AdminTool:
    """
    A tool.

    Attributes:
        description: What it does.
        properties: JSON schemas of its arguments.
        required: Which arguments must be given.
        call: Does it, with the arguments. Gives JSON. The host checks whether the caller may.
        scope: What a token must allow.
    """

    description: str
    properties: dict[str, Any]
    required: tuple[str, ...]
    call: Callable[[CallerAccess, dict[str, Any]], Any]
    scope: str = "write"

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        return {
            "type": "object",
            "properties": self.properties,
            "required": list(self.required),
            "additionalProperties": False,
        }


def _json(model: Any) -> Any:  # noqa: ANN401 - one of `models.py`
    return model.model_dump(mode="json", by_alias=True)


def _list_workflows(host: CallerAccess, _: dict[str, Any]) -> Any:  # noqa: ANN401
    return [
        {**_json(workflow), "input_schema": host.workflows.get(workflow.name)}
        for workflow in host.call(lambda client: client.workflows())
    ]


def _start(host: CallerAccess, given: dict[str, Any]) -> Any:  # noqa: ANN401
    instance_id = given.get("instance_id") or str(uuid.uuid4())
    created = host.call(lambda client: client.create(given["workflow"], instance_id, given.get("payload", {})))
    return {"instance_id": created.id, "status": created.status}


def _list(host: CallerAccess, given: dict[str, Any]) -> Any:  # noqa: ANN401
    query = {key: value for key, value in given.items() if key != "workflow"}
    page = host.call(lambda client: client.instances(given["workflow"], **query))
    return [{"instance_id": each.id, "status": each.status} for each in page.instances]


def _describe(host: CallerAccess, given: dict[str, Any]) -> Any:  # noqa: ANN401
    detail = dict(host.call(lambda client: client.raw_instance(given["workflow"], given["instance_id"])))
    detail.pop("logs", None)
    return detail


def _logs(host: CallerAccess, given: dict[str, Any]) -> Any:  # noqa: ANN401
    return host.call(lambda client: client.raw_instance(given["workflow"], given["instance_id"])).get("logs", [])


def _send_event(host: CallerAccess, given: dict[str, Any]) -> Any:  # noqa: ANN401
    def send(client: Client) -> Any:  # noqa: ANN401
        return client.send_event(given["workflow"], given["instance_id"], given["type"], given.get("payload"))

    return _json(host.call(send))


def _restart(host: CallerAccess, given: dict[str, Any]) -> Any:  # noqa: ANN401
    request: dict[str, object] = {"status": "restart"}
    if "from_step" in given:
        kind = given.get("from_step_type", "do")
        request["from"] = {"name": given["from_step"], "count": given.get("from_step_count", 1), "type": kind}
    return _change(host, given, request)


def _terminate(host: CallerAccess, given: dict[str, Any]) -> Any:  # noqa: ANN401
    return _change(host, given, {"status": "terminate"})


def _change(host: CallerAccess, given: dict[str, Any], request: dict[str, object]) -> Any:  # noqa: ANN401
    return _json(host.call(lambda client: client.change_status(given["workflow"], given["instance_id"], request)))


def _replay(host: CallerAccess, given: dict[str, Any]) -> Any:  # noqa: ANN401
    """Run the code against the recorded history. It is the code that this server runs anyway; no step runs again."""
    return _with_run_file(
        host, given, lambda file: _run_command("runs", "open", file, "--replay", "--trusted", "--json")
    )


def _fork(host: CallerAccess, given: dict[str, Any]) -> Any:  # noqa: ANN401
    def fork(file: str) -> Any:  # noqa: ANN401
        step = {"name": given["from_step"], "count": given.get("from_step_count", 1)}
        request: dict[str, object] = {"file": file, "from": {**step, "type": given.get("from_step_type", "do")}}
        request["instance_id"] = given.get("new_instance_id") or str(uuid.uuid4())
        if "payload" in given:
            request["params"] = given["payload"]
        made = host.call(lambda client: client.fork(given["workflow"], request))
        return {"instance_id": made.id, "status": made.status}

    return _with_run_file(host, given, fork)


def _with_run_file(host: CallerAccess, given: dict[str, Any], use: Callable[[str], Any]) -> Any:  # noqa: ANN401
    data = host.call(lambda client: client.export(given["workflow"], given["instance_id"], variables="true"))
    with tempfile.TemporaryDirectory(prefix="stepwell-") as folder:
        file = Path(folder) / "instance.stepwell"
        file.write_bytes(data)
        return use(str(file))


def _run_command(*arguments: str) -> Any:  # noqa: ANN401
    command = [sys.executable, "-m", "stepwell", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            printed, messages = process.communicate(timeout=REPLAY_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            # It ends what it has started, which would run on if it were killed.
            process.terminate()
            process.communicate()
            raise
    try:
        report = json.loads(printed)
    except ValueError:
        report = None
    return {"same": process.returncode == 0, "report": report, "messages": messages.strip()}


FROM_STEP = {"from_step": TEXT, "from_step_count": WHOLE, "from_step_type": {"enum": ["do", "sleep", "waitForEvent"]}}

ADMIN_TOOLS = {
    "stepwell_list_workflows": AdminTool(
        "List the workflows, with the schemas of their payloads.", {}, (), _list_workflows, "read"
    ),
    "stepwell_start_workflow": AdminTool(
        "Start a workflow and return the ID of the instance at once.",
        {"workflow": TEXT, "payload": {}, "instance_id": TEXT},
        ("workflow",),
        _start,
    ),
    "stepwell_list_instances": AdminTool(
        "List the instances of a workflow, newest first.",
        {"workflow": TEXT, "status": TEXT, "page": WHOLE, "per_page": WHOLE},
        ("workflow",),
        _list,
        "read",
    ),
    "stepwell_describe_instance": AdminTool(
        "Show the status, steps, attempts, output and error of an instance.",
        INSTANCE,
        tuple(INSTANCE),
        _describe,
        "read",
    ),
    "stepwell_read_logs": AdminTool(
        "Show what an instance has printed and logged.", INSTANCE, tuple(INSTANCE), _logs, "read"
    ),
    "stepwell_send_event": AdminTool(
        "Send an event to an instance.",
        {**INSTANCE, "type": TEXT, "payload": {}},
        (*INSTANCE, "type"),
        _send_event,
    ),
    "stepwell_restart_instance": AdminTool(
        "Run an instance again, from its beginning or from a step.",
        {**INSTANCE, **FROM_STEP},
        tuple(INSTANCE),
        _restart,
    ),
    "stepwell_terminate_instance": AdminTool("End an instance for good.", INSTANCE, tuple(INSTANCE), _terminate),
    "stepwell_replay_instance": AdminTool(
        "Run the code of an instance against its history, without running a step, and show what differs.",
        INSTANCE,
        tuple(INSTANCE),
        _replay,
    ),
    "stepwell_fork_instance": AdminTool(
        "Make a new instance with the history of another one up to a step.",
        {**INSTANCE, **FROM_STEP, "new_instance_id": TEXT, "payload": {}},
        (*INSTANCE, "from_step"),
        _fork,
    ),
}
