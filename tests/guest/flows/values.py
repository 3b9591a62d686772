"""Values at the edges of what JSON has, from params to output."""

from math import nan

from workers import WorkflowEntrypoint


class Numbers(WorkflowEntrypoint):
    async def run(self, event, step):
        given = event["payload"]

        @step.do()
        async def keep():
            return given

        @step.do()
        async def make():
            return {"big": 2**53 + 1, "huge": 123456789012345678901234567890, "whole": 1.0, "nan": nan}

        kept, made = await keep(), await make()
        return {
            "given": given,
            "kept": kept,
            "made": made,
            "types": [type(value).__name__ for value in kept.values()],
            "same": [repr(value) == repr(made[key]) for key, value in kept.items()],
        }


class Surrogates(WorkflowEntrypoint):
    """Half of a pair in all that a workflow can say."""

    async def run(self, event, step):
        print("printed \udc00")

        @step.do("name \ud800", config={"retries": {"limit": 0, "delay": 0}})
        async def fails():
            raise ValueError("step \ud800")

        try:
            await fails()
        except ValueError as error:
            caught = str(error)

        @step.do()
        async def keep():
            return {"key \ud800": "value \udc00"}

        kept = await keep()
        return {"caught": caught, "kept": kept, "same": kept == {"key \ud800": "value \udc00"}}


class Failing(WorkflowEntrypoint):
    async def run(self, event, step):
        raise ValueError("run \ud800")
