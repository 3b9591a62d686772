"""What the tests of docs/testing.md are for. The page's own workflow is appended."""

import asyncio

from workers import Response, WorkerEntrypoint, WorkflowEntrypoint
from workers.workflows import NonRetryableError


class Greet(WorkflowEntrypoint):
    async def run(self, event, step):
        return f"hello {event['payload'].get('name', 'you')}"


class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        payload = event["payload"]
        payments = getattr(self.env, "PAYMENTS", None)

        @step.do("charge")
        async def charge():
            if payload.get("card") == "declined":
                raise NonRetryableError("The card was declined.")
            return await payments.charge(payload["amount"]) if payments else "done"

        return await charge()


class OrderWorkflow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("charge", config={"retries": {"limit": 0, "delay": 0}})
        async def charge():
            return event["payload"]["card"][-4:]

        confirmed = await step.wait_for_event("confirmation", "confirmed", timeout="1 day")
        return [await charge(), confirmed["payload"]["by"]]


class FanOut(WorkflowEntrypoint):
    async def run(self, event, step):
        async def fetch(url):
            @step.do(f"fetch {url}")
            async def page():
                return url.upper()

            return await page()

        return await asyncio.gather(*map(fetch, event["payload"]["urls"]))


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        instance = await self.env.ORDERS.create(params=await request.json())
        return Response.json({"id": instance.id}, status=201)
