"""Steps in branches."""

from workers import WorkflowEntrypoint


def named(step, name):
    @step.do(name)
    async def perform():
        return name

    return perform


class IfElse(WorkflowEntrypoint):
    async def run(self, event, step):
        if event["payload"]["flag"]:
            await named(step, "yes")()
        else:
            await named(step, "no")()


class Elif(WorkflowEntrypoint):
    async def run(self, event, step):
        kind = event["payload"]["kind"]
        if kind == "a":
            await named(step, "first")()
        elif kind == "b":
            await named(step, "second")()
        else:
            await step.sleep("neither", "1 second")


class Match(WorkflowEntrypoint):
    async def run(self, event, step):
        match event["payload"]["kind"]:
            case "a":
                await named(step, "first")()
            case "b":
                await named(step, "second")()
            case _:
                await named(step, "other")()


class Conditional(WorkflowEntrypoint):
    async def run(self, event, step):
        fast, slow = named(step, "fast"), named(step, "slow")
        return await fast() if event["payload"]["flag"] else await slow()


class ShortCircuit(WorkflowEntrypoint):
    async def run(self, event, step):
        check, act = named(step, "check"), named(step, "act")
        return event["payload"]["flag"] and await check() and await act()


class EarlyReturn(WorkflowEntrypoint):
    async def run(self, event, step):
        await named(step, "look")()
        if not event["payload"]["flag"]:
            return "nothing to do"
        await named(step, "work")()


class EarlyRaise(WorkflowEntrypoint):
    async def run(self, event, step):
        await named(step, "look")()
        if event["payload"]["flag"]:
            raise ValueError("not today")
        await named(step, "work")()


class Condition(WorkflowEntrypoint):
    """The condition is a step itself."""

    async def run(self, event, step):
        look, again, work = named(step, "look"), named(step, "look again"), named(step, "work")
        if not await look():
            return
        elif await again():
            await work()
