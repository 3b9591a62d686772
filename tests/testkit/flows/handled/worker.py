from workers import Response, WorkerEntrypoint, WorkflowEntrypoint


class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep("pack", "1 day")
        return event["payload"]


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if request.method != "POST":
            return Response("POST an order", status=405)
        instance = await self.env.ORDERS.create(id="from-fetch", params=await request.json())
        return Response.json({"id": instance.id}, status=201)

    async def scheduled(self, controller):
        await self.env.ORDERS.create(id="from-schedule", params=controller.cron)

    async def queue(self, batch):
        for message in batch.messages:
            await self.env.ORDERS.create(id=f"from-{message.id}", params=message.body)
