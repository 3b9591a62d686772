from workers import WorkflowEntrypoint


class Reader(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("fetch page")
        async def fetch_page():
            async def chunks():
                yield b"the real page"

            return chunks()

        page = await fetch_page()
        await step.sleep("nap", "1 hour")
        return (await page.read()).decode()
