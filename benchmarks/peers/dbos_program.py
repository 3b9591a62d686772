"""DBOS Transact for Python in one process, on SQLite or a named database. The workloads are those of `driver.js`."""

import asyncio
import json
import os
import statistics
import sys
import time

from dbos import DBOS, SetWorkflowID

settings = json.loads(sys.argv[1])
ledger = os.open(settings["ledger"], os.O_WRONLY | os.O_CREAT | os.O_APPEND) if "ledger" in settings else None
LETTERS = "0123456789" * 100

DBOS(
    config={
        "name": "bench",
        "system_database_url": settings.get("database") or f"sqlite:///{settings['folder']}/dbos.sqlite",
        "application_version": "1",
        "log_level": "ERROR",
    }
)


@DBOS.step()
async def trivial(name, number):
    """Do nothing."""
    if ledger is not None:
        os.write(ledger, f"{name}:{number}\n".encode())
    return number


@DBOS.step()
async def blob():
    """Give 100 KB."""
    return {"rows": [LETTERS] * 98}


@DBOS.workflow()
async def sequential(name, steps):
    """Steps one after the other."""
    for number in range(steps):
        await trivial(name, number)
    return True


@DBOS.workflow()
async def fan_out(name, steps):
    """Steps side by side."""
    return len(await asyncio.gather(*(trivial(name, number) for number in range(steps))))


@DBOS.workflow()
async def sleeper(name, sleep):
    """A sleep and a step."""
    await DBOS.sleep_async(sleep / 1000)
    return await trivial(name, 0)


@DBOS.workflow()
async def large(_name, steps):
    """Results of 100 KB."""
    return sum([len((await blob())["rows"]) for _ in range(steps)])


async def start(workflow, number, size):
    """Start one workflow."""
    name = f"{workflow.__name__}-{number}"
    with SetWorkflowID(name):
        return await DBOS.start_workflow_async(workflow, name, size)


async def run(workflow, number, size):
    """Start one workflow and wait for it; how long that took in ms."""
    began = time.perf_counter()
    await (await start(workflow, number, size)).get_result()
    return (time.perf_counter() - began) * 1000


async def times(count, concurrency, task):
    """Call *task* with 0 to *count* - 1, at most *concurrency* at a time; ms in all, and what the calls gave."""
    results = []
    numbers = iter(range(count))

    async def work():
        for number in numbers:
            result = await task(number)
            results.append(result)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return (time.perf_counter() - began) * 1000, results


def quantile(values, q):
    """The value below which a share of *q* lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * q))]


async def measure_sequential(instances, concurrency, **_):
    """Run steps one after the other, so many workflows at a time; as ours, when it has run once."""
    await times(instances, concurrency, lambda number: run(sequential, -2 - number, 10))
    ms, results = await times(instances, concurrency, lambda number: run(sequential, number, 10))
    return {"steps_per_s": instances * 10_000 / ms, "p50_ms": quantile(results, 0.5), "p99_ms": quantile(results, 0.99)}


async def measure_fan_out(instances, steps, **_):
    """Run steps at once."""
    _, results = await times(instances, 1, lambda number: run(fan_out, number, steps))
    return {"ms": statistics.median(results)}


async def measure_long(steps, **_):
    """Run many steps in one workflow."""
    return {"step_ms": await run(sequential, 0, steps) / steps}


async def measure_large(steps, **_):
    """Run steps with large results."""
    return {"ms": await run(large, 0, steps)}


async def measure_first(began, **_):
    """Run one workflow, from the start of the process."""
    await run(sequential, time.time_ns(), 3)
    return {"ms": time.time() * 1000 - began}


async def measure_sleepers(instances, **_):
    """Sleep two seconds."""
    began = time.perf_counter()
    handles = [await start(sleeper, number, 2000) for number in range(instances)]
    created = time.perf_counter()
    for handle in handles:
        await handle.get_result()
    return {"create_ms": (created - began) * 1000, "late_ms": (time.perf_counter() - began) * 1000 - 2000}


async def measure_killed(instances, **_):
    """Run until the harness kills us."""
    for handle in [await start(sequential, number, 10) for number in range(instances)]:
        await handle.get_result()
    return {}


async def measure_resumed(began, **_):
    """Wait for what an earlier process has left."""
    known = await DBOS.list_workflows_async()
    for workflow in known:
        handle = await DBOS.retrieve_workflow_async(workflow.workflow_id)
        await handle.get_result(polling_interval_sec=0.02)
    return {"ms": time.time() * 1000 - began, "known": len(known)}


COLD = {"first": measure_first, "killed": measure_killed, "resumed": measure_resumed}
WARM = {
    "sequential": measure_sequential,
    "fanOut": measure_fan_out,
    "long": measure_long,
    "large": measure_large,
    "sleepers": measure_sleepers,
}


async def main():
    """Measure, print, leave."""
    DBOS.launch()
    workload = settings["workload"]
    if workload in WARM:
        await run(sequential, -1, 10)
    print(json.dumps(await {**COLD, **WARM}[workload](**settings)), flush=True)
    os._exit(0)


asyncio.run(main())
