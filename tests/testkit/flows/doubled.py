from workers import WorkflowEntrypoint


class Pay(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("charge", config={"retries": {"limit": 2, "delay": "1 hour"}})
        async def charge():
            return await self.env.PAYMENTS.charge(event["payload"]["amount"], {"currency": self.env.CURRENCY})

        return await charge()
