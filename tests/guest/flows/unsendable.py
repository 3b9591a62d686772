"""A workflow that asks others for what no message can hold."""

from workers import WorkflowEntrypoint, env

cyclic = []
cyclic += [cyclic, cyclic]


def deep():
    value = []
    for _ in range(20_000):
        value = [value]
    return value


class Broken(dict):
    def items(self):
        raise ValueError("broken")


CALLS = {
    "get": lambda it: env.HEALTHY.get(it),
    "create": lambda it: env.HEALTHY.create({"id": it}),
    "create_batch": lambda it: env.HEALTHY.create_batch([{"id": it}]),
    "create_batch of a count": lambda it: env.HEALTHY.create_batch({"count": it}),
    "delete_batch": lambda it: env.HEALTHY.delete_batch([it]),
    "send_event": lambda it: env.HEALTHY.send_event(it, {"type": "go", "payload": 1}),
    "type of send_event": lambda it: env.HEALTHY.send_event("a", {"type": it, "payload": 1}),
}
STEPS = {
    "name of do": lambda step, it: step.do(it)(lambda: 1)(),
    "config": lambda step, it: step.do("configured", config={"timeout": it})(lambda: 1)(),
    "name of sleep": lambda step, it: step.sleep(it, 1),
    "duration": lambda step, it: step.sleep("nap", it),
    "name of wait_for_event": lambda step, it: step.wait_for_event(it, "go"),
    "type of wait_for_event": lambda step, it: step.wait_for_event("wait", it),
    "timeout": lambda step, it: step.wait_for_event("patience", "go", it),
}


class Healthy(WorkflowEntrypoint):
    async def run(self, event, step):
        return sum([await step.do(f"s{n}")(lambda: 1)() for n in range(20)])


class Unsendable(WorkflowEntrypoint):
    async def run(self, event, step):
        taken = []
        bad = [cyclic, deep(), {1, 2}, object(), Broken(a=1), {(1, 2): 3}, 10**5000]
        for value in bad:
            for name, call in [
                *CALLS.items(),
                *((key, lambda it, ask=ask: ask(step, it)) for key, ask in STEPS.items()),
            ]:
                try:
                    await call(value)
                except Exception:
                    continue
                taken.append([name, bad.index(value)])
        return taken
