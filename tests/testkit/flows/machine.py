from workers import WorkflowEntrypoint


class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("reserve", config={"retries": {"limit": 2, "delay": "1 minute"}})
        async def reserve(ctx):
            if event["payload"]["flaky"] and ctx["attempt"] == 1:
                raise ValueError("busy")
            return 1

        await reserve()
        await step.sleep("pack", "1 day")
        paid = await step.wait_for_event("payment", "paid", timeout="7 days")
        return paid["payload"]
