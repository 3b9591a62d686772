"""Fetching, where there is no JavaScript to do it."""

from workers import WorkflowEntrypoint, fetch


class Fetches(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do(config={"retries": {"limit": 0, "delay": 0}})
        async def get():
            response = await fetch(event.payload, method="POST", headers={"x-name": "me"}, body="grüße")
            return [response.status, response.ok, response.headers["x-said"], await response.json()]

        return await get()
