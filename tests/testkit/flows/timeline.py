from workers import WorkflowEntrypoint


class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("reserve", config={"retries": {"limit": 1, "delay": "1 minute"}})
        async def reserve(ctx):
            print("trying")
            if ctx["attempt"] == 1:
                raise ValueError("busy")
            return [1, 2]

        await reserve()
        await step.wait_for_event("payment", "paid", timeout="1 day")
        await step.sleep("pack", "2 hours")
        raise RuntimeError("no parcel")
