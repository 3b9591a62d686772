"""
absurd's Python SDK on PostgreSQL: as many workers of one slot as workflows run at a time, each with its own connection.

Its workers look for work four times a second by themselves, and its wait for a result asks once a second; here both
look every 10 ms.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from absurd_sdk import Absurd, AsyncAbsurd

settings = json.loads(sys.argv[1])
database, instances, concurrency = (settings[name] for name in ("database", "instances", "concurrency"))
STEPS = 10
POLL_S = 0.01
CLAIM_S = 30


def control(*command):
    """Run the command that comes with the SDK."""
    program = Path(sys.executable).parent / "absurdctl"
    environment = {**os.environ, "PGDATABASE": database}
    subprocess.run([program, *command], check=True, stdout=subprocess.DEVNULL, env=environment)


def with_task(app):
    """Register the workflow: steps one after the other."""

    @app.register_task("sequential")
    def sequential(params, ctx):
        for number in range(params["steps"]):
            ctx.step(f"step {number}", lambda number=number: number)
        return True

    return app


async def run(client, name):
    """Start one workflow and wait for it."""
    spawned = await client.spawn("sequential", {"steps": STEPS}, idempotency_key=name, queue="default")
    while True:
        result = await client.fetch_task_result(spawned["task_id"])
        if result is not None and result.state == "completed":
            return
        if result is not None and result.state in {"failed", "cancelled"}:
            sys.exit(f"{name} is {result.state}")
        await asyncio.sleep(POLL_S)


async def measure(client, prefix):
    """Run all; steps in a second."""
    numbers = iter(range(instances))

    async def work():
        for number in numbers:
            await run(client, f"{prefix}-{number}")

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return instances * STEPS / (time.perf_counter() - began)


async def main():
    """Measure when it has run once, print, leave."""
    control("init")
    control("create-queue", "default")
    for _ in range(concurrency):
        worker = with_task(Absurd(database))
        options = {"claim_timeout": CLAIM_S, "poll_interval": POLL_S}
        threading.Thread(target=worker.start_worker, kwargs=options, daemon=True).start()
    client = with_task(AsyncAbsurd(database))
    await measure(client, "warm")
    print(json.dumps({"steps_per_s": await measure(client, "measured")}), flush=True)
    os._exit(0)


asyncio.run(main())
