"""
A rolling update: servers get the new version batch by batch, and all get the old one back if a batch is not well.

Each server's update has its own undo. When a health check fails, the run fails, and the engine undoes the updates in
reverse order, also after a crash in the middle of it.

    stepwell run examples/rolling_update.py
    stepwell run examples/rolling_update.py --params '{"version": "2.0", "broken": "eu-2"}'
"""

import asyncio

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError

SERVERS = ["eu-1", "eu-2", "us-1", "us-2"]
OLD = "1.0"


class RollingUpdate(WorkflowEntrypoint):
    """One new version, everywhere or nowhere."""

    async def run(self, event, step):
        """Parameters: ``version``; ``batch``, servers at a time; ``pause`` between batches; ``broken``, a server."""
        params = event["payload"] or {}
        version, size = params.get("version", "1.1"), params.get("batch", 2)
        updated = []
        for first in range(0, len(SERVERS), size):
            batch = SERVERS[first : first + size]
            await asyncio.gather(*(self.update(step, server, version) for server in batch))
            await asyncio.gather(*(self.check(step, server, params.get("broken")) for server in batch))
            updated += batch
            await step.sleep(f"watch {batch[-1]}", params.get("pause", 50))
        return {"version": version, "servers": updated}

    async def update(self, step, server, version):
        """Install *version* on *server*."""

        def undo():
            print(f"{server}: back to {OLD}")

        config = {"retries": {"limit": 3, "delay": "1 second"}}

        @step.do(f"update {server}", config=config, rollback=undo, rollback_config=config)
        async def update():
            print(f"{server}: {version}")
            return {"server": server, "before": OLD, "now": version}

        return await update()

    async def check(self, step, server, broken):
        """Ask *server* how it is."""

        @step.do(f"check {server}")
        async def check():
            if server == broken:
                message = f"{server} does not answer."
                raise NonRetryableError(message)
            return "healthy"

        return await check()
