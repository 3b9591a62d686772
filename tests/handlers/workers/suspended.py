import asyncio
import time
from urllib.parse import urlsplit

from js import Promise, setTimeout
from pyodide.ffi import can_run_sync, create_once_callable, run_sync

from workers import Response, WorkerEntrypoint

seen = []
gate = asyncio.Event()


async def later(value):
    await asyncio.sleep(0.01)
    return value


def wait_for_gate():
    seen.append("waits")
    run_sync(gate.wait())
    seen.append("goes on")
    return ",".join(seen)


def nested():
    loop = asyncio.new_event_loop()
    try:
        return [asyncio.run(later(1)), loop.run_until_complete(later(2)), asyncio.Runner().run(later(3))]
    finally:
        loop.close()


def fail():
    async def broken():
        await asyncio.sleep(0)
        raise ValueError("from below")

    try:
        run_sync(broken())
    except ValueError as error:
        return f"caught {error}"


def slept():
    time.sleep(0.02)
    return asyncio.current_task().get_name()


PATHS = {
    "/can": lambda: str(can_run_sync()),
    "/wait": wait_for_gate,
    "/nested": lambda: str(nested()),
    "/fail": fail,
    "/sleep": slept,
    "/promise": lambda: str(run_sync(Promise.new(create_once_callable(lambda ok, _: setTimeout(ok, 1, 7))))),
}


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        path = urlsplit(request.url).path
        if path == "/open":
            gate.set()
            return Response(",".join(seen))
        if path == "/spin":
            while True:
                pass
        asyncio.current_task().set_name(path)
        return Response(PATHS[path]())
