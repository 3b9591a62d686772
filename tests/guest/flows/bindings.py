"""Workflows that call each other."""

from workers import WorkflowEntrypoint, env
from workers.workflows import WorkflowError


async def said(awaitable):
    try:
        await awaitable
    except (WorkflowError, TypeError) as error:
        return [type(error).__name__, getattr(error, "code", None), str(error)]
    return None


class Child(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("double", config={"sensitive": "output"} if event.payload.get("secret") else None)
        async def double():
            return event.payload["value"] * 2.0

        if event.payload.get("fail"):
            raise ValueError("boom")
        if event.payload.get("wait"):
            await step.wait_for_event("go", "go")
        return await double()


class Parent(WorkflowEntrypoint):
    """Creates a child in a step, tells it to go from outside of steps, and awaits its end by its events."""

    async def run(self, event, step):
        @step.do("create")
        async def create():
            child = await self.env.CHILD.create(id="child", params={"value": 21, "wait": True})
            return child.id

        child = await self.env.CHILD.get(await create())
        async for entry in child.subscribe(filter=["wait_started"]):
            kind = entry.type
            break
        await self.env.CHILD.send_event(child.id, type="go", payload={"by": "parent"})
        async for entry in child.subscribe({"filter": ["workflow_completed"]}):
            result = entry.output
        status = await child.status()
        return [kind, result, repr(result), status["status"], status["output"], status["__LOCAL_DEV_STEP_OUTPUTS"][1]]


class Batches(WorkflowEntrypoint):
    async def run(self, event, step):
        child = env.CHILD
        listed = await child.create_batch([{"id": "b1", "params": {"value": 1}}, {"id": "b1"}, {"id": "b2"}])
        made = await child.createBatch({"instances": [{"id": "b1"}, {"id": "b3"}, {"id": "b3"}, {}]})
        counted = await child.create_batch(count=2, params={"value": 3})
        gone = await child.delete_batch(["b1", "missing", "b1"])
        return {
            "listed": [each.id for each in listed],
            "made": [each.id for each in made.created][:1],
            "errors": made.errors,
            "counted": len(counted.created),
            "gone": gone,
        }


class Refusals(WorkflowEntrypoint):
    async def run(self, event, step):
        child = self.env.CHILD
        await child.create(id="there", params={"value": 1, "wait": True})
        return [
            await said(child.get("missing")),
            await said(child.create(id="there")),
            await said(child.create(id="not this")),
            await said(child.create(idd="x")),
            await said(child.create(retention={"success_retention": "soon"})),
            await said(child.create_batch([])),
            await said(child.create_batch(count=0)),
            await said(child.create_batch(count=101)),
            await said(child.create_batch(count=1, instances=[])),
            await said(child.create_batch(instances=[{"id": "-"}])),
            await said(child.delete_batch([])),
            await said((await child.get("there")).send_event(payload=1)),
            await said(anext(aiter((await child.get("there")).subscribe(cursor=-1)))),
            await said(anext(aiter((await child.get("there")).subscribe(filter=["nothing"])))),
        ]


class Lifecycle(WorkflowEntrypoint):
    async def run(self, event, step):
        child = await self.env.CHILD.create({"id": "life", "params": {"value": 1, "wait": True}})
        seen = []
        async for entry in child.subscribe():
            if entry.type == "wait_started":
                break
        await child.pause()
        seen.append((await child.status()).status)
        await child.resume()
        await child.terminate()
        seen.append((await child.status()).status)
        seen.append((await said(child.terminate()))[2])
        await child.restart()
        await child.sendEvent({"type": "go"})
        async for entry in child.subscribe():
            last = entry.type
        await child.restart(from_={"name": "double"})
        await child.delete()
        return [*seen, last, (await said(child.status()))[2]]


class Secret(WorkflowEntrypoint):
    async def run(self, event, step):
        child = await self.env.CHILD.create(params={"value": 1, "secret": True})
        outputs = [entry.output async for entry in child.subscribe(filter=["step_completed"])]
        status = await child.status()
        return [outputs, status["__LOCAL_DEV_STEP_OUTPUTS"], status.output]


class Watching(WorkflowEntrypoint):
    """Awaits another that waits for an event: neither sleeps nor ends."""

    async def run(self, event, step):
        child = await self.env.CHILD.create(id="watched", params={"value": 1, "wait": True})
        async for entry in child.subscribe(filter=["workflow_completed"]):
            result = entry.output
        return result
