"""The workflow of the warmup: what most workflows do, and untyped as those are."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import asyncio
import logging
from typing import Any

from workers import WorkflowEntrypoint


class WarmupFlow(WorkflowEntrypoint):
    """See the module."""

    async def run(self, event: Any, step: Any) -> Any:  # noqa: ANN401 - as users write it
        """Run steps of every kind."""
        total = 0
        for number in range(event["payload"]["n"]):

            @step.do("in a row")
            async def add() -> dict[str, Any]:
                return {
                    "number": number,  # noqa: B023 - awaited below
                    "text": "some",
                    "list": [1.5, None, True],
                }

            total += (await add())["number"]

        @step.do("with a configuration", config={"retries": {"limit": 2, "delay": 10}, "timeout": "1 minute"})
        async def fails_once(ctx: Any) -> str:  # noqa: ANN401
            if ctx["attempt"] == 1:
                raise ValueError("once")
            return "done"

        await fails_once()
        await step.sleep("a while", "1 hour")

        @step.do("left")
        async def left() -> int:
            await asyncio.sleep(0)
            return 1

        @step.do("right")
        async def right() -> int:
            return 2

        @step.do("both", depends=[left, right], concurrent=True)
        async def both(left: int, right: int) -> int:
            return left + right

        @step.do("talks")
        def talks() -> str:
            print("printed")  # noqa: T201
            logging.getLogger().info("logged")
            return str(self.env.KEY)

        await asyncio.gather(both(), talks())
        await step.wait_for_event("told", "go", timeout="1 hour")
        return {"total": total}
