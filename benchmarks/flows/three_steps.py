"""Three trivial steps."""

from workers import WorkflowEntrypoint


class ThreeSteps(WorkflowEntrypoint):
    """Measures what it takes to begin."""

    async def run(self, event, step):
        """Run three steps."""

        @step.do()
        async def first():
            return 1

        @step.do()
        async def second(first):
            return first + 1

        @step.do()
        async def third(second):
            return second + 1

        return await third()
