import asyncio

from workers import WorkflowEntrypoint, fetch


def attempt(code):
    names = {"fetch": fetch}
    try:
        exec(code, names)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return names.get("out")


class Outside(WorkflowEntrypoint):
    async def run(self, event, step):
        return attempt(event["payload"])


class Inside(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("try it", config={"retries": {"limit": 0, "delay": 0}})
        async def it():
            return attempt(event["payload"])

        return await it()


class Fetching(WorkflowEntrypoint):
    async def run(self, event, step):
        try:
            response = await fetch(event["payload"]["url"], **event["payload"].get("options", {}))
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return [response.status, response.url, response.headers.get("x-test"), await response.text()]


class Flood(WorkflowEntrypoint):
    async def run(self, event, step):
        async def one():
            try:
                return (await fetch(event["payload"]["url"])).status
            except OSError as error:
                print("refused")
                return str(error)

        return await asyncio.gather(*(one() for _ in range(event["payload"]["times"])))


class Forgetful(WorkflowEntrypoint):
    async def run(self, event, step):
        import json

        before = getattr(json, "left_behind", None)
        json.left_behind = event["payload"]
        return before
