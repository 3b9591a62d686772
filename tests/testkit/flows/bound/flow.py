from workers import WorkflowEntrypoint


class Counts(WorkflowEntrypoint):
    """Counts in KV how often it has run, and in D1."""

    async def run(self, event, step):
        @step.do("count")
        async def count():
            before = await self.env.STORE.get("runs")
            await self.env.STORE.put("runs", str(int(before or 0) + 1))
            await self.env.DB.prepare("CREATE TABLE IF NOT EXISTS runs (n INTEGER)").run()
            await self.env.DB.prepare("INSERT INTO runs VALUES (1)").run()
            found = await self.env.DB.prepare("SELECT count(*) AS n FROM runs").first("n")
            return [int(await self.env.STORE.get("runs")), int(found)]

        first = await count()
        await step.sleep("a day", "1 day")
        return first
