from workers import WorkflowEntrypoint


class Greet(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("hello")
        async def hello():
            return {"hi": event["payload"].get("name", "you")}

        greeting = await hello()
        if event["payload"].get("wait"):
            return (await step.wait_for_event("answer", "approve", timeout="1 hour"))["payload"]
        return greeting
