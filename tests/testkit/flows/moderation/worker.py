from workers import WorkflowEntrypoint

PATIENT = {"retries": {"limit": 5, "delay": "10 seconds", "backoff": "constant"}}


class Moderator(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep("settle", "10 seconds")

        @step.do("score", config=PATIENT)
        async def score():
            raise ConnectionError("There is no model in a test.")

        @step.do("publish")
        async def publish():
            return {"status": "published"}

        found = await score()
        if isinstance(found, int) and found < self.env.THRESHOLD:
            return await publish()
        decision = await step.wait_for_event("review", "decision", timeout="1 day")
        return {"status": decision["payload"]["verdict"], "score": found}
