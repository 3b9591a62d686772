"""Approval of tool calls by a person, who sends an event to the instance."""

from __future__ import annotations

import warnings
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.tools import AgentDepsT, ToolApproved, ToolDenied

from ._external_events import milliseconds
from ._scope import current_scope

if TYPE_CHECKING:
    from pydantic_ai.messages import ToolCallPart
    from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults, RunContext

    from ._scope import AgentScope

__all__ = ["ApproveByEvent", "InvalidDecisionWarning"]


class InvalidDecisionWarning(UserWarning):
    """An event that should decide on a tool call has a payload that is not a decision. The wait goes on."""


class Decision(BaseModel):
    """The payload of the event: ``{"approved": true}``, or ``false`` with a ``message`` for the model."""

    model_config = ConfigDict(extra="forbid")

    approved: bool
    message: str | None = None
    arguments: dict[str, Any] | None = None
    """Take the place of the model's arguments."""


@dataclass
class ApproveByEvent(AbstractCapability[AgentDepsT]):
    """
    Asks a person about each tool call that requires approval, and waits without using memory.

    Each call has its own type of event: ``approval-1``, ``approval-2``, and so on, over the whole instance. The step
    before the wait prints it, with the call. A second decision on the same call changes nothing.

        stepwell workflows instances send-event Support ID --type approval-1 --payload '{"approved": true}'
    """

    _: KW_ONLY
    timeout: timedelta = timedelta(days=1)
    """How long to wait for each decision. Without one the call is denied."""

    async def handle_deferred_tool_calls(
        self, ctx: RunContext[AgentDepsT], *, requests: DeferredToolRequests
    ) -> DeferredToolResults | None:
        """Decides on the calls that need approval; others are left to other capabilities. None outside a workflow."""
        scope = current_scope()
        if scope is None or not requests.approvals:
            return None
        agent = (ctx.agent.name if ctx.agent else None) or "agent"
        numbered = [(call, scope.next("approval")) for call in requests.approvals]
        for call, number in numbered:
            await self._announce(scope, agent, call, number)
        approvals = {call.tool_call_id: await self._decide(scope, agent, call, number) for call, number in numbered}
        return requests.build_results(approvals=approvals)

    async def _announce(self, scope: AgentScope, agent: str, call: ToolCallPart, number: int) -> None:
        async def announce() -> dict[str, Any]:
            print(f"Approve {call.tool_name}({call.args_as_json_str()})? Send an event of type approval-{number}.")  # noqa: T201
            return {"type": f"approval-{number}", "tool": call.tool_name, "arguments": call.args_as_dict()}

        await scope.step.do(f"{agent}__approval-{number}.ask")(announce)()

    async def _decide(
        self, scope: AgentScope, agent: str, call: ToolCallPart, number: int
    ) -> ToolApproved | ToolDenied:
        event_type = f"approval-{number}"
        while True:
            try:
                event = await scope.step.wait_for_event(
                    f"{agent}__{event_type}", event_type, timeout=milliseconds(self.timeout)
                )
            except Exception as error:
                # Cloudflare has no class for it in Python.
                if "timed out" not in str(error):
                    raise
                return ToolDenied(f"The call of {call.tool_name} was not approved within {self.timeout}.")
            try:
                decision = Decision.model_validate(event["payload"])
            except ValidationError as error:
                warnings.warn(_complaint(event_type, error), InvalidDecisionWarning, stacklevel=2)
                continue
            if decision.approved:
                return ToolApproved(override_args=decision.arguments)
            return ToolDenied(decision.message) if decision.message else ToolDenied()


def _complaint(event_type: str, error: ValidationError) -> str:
    first = error.errors()[0]
    place = "".join(f"[{part!r}]" for part in first["loc"])
    return (
        f"The event {event_type} was ignored: payload{place}: {first['msg']}. "
        'Send {"approved": true} or {"approved": false, "message": "..."}.'
    )
