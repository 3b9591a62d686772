"""What a module finds around it: `env`, JavaScript's modules, classes to derive from, background work."""

import asyncio
import gc

import js
from pyodide.ffi import can_run_sync

import workers
from workers import (
    DurableObject,
    Request,
    Response,
    WorkerEntrypoint,
    _env,
    handler,
    import_from_javascript,
    patch_env,
    wait_until,
)

from .raises import Raises


async def environment(_url):
    _env.install({"GREETING": "hello", "SECRET": "s3cret"})

    assert workers.env.GREETING == "hello"
    assert getattr(workers.env, "MISSING", None) is None
    with Raises(AttributeError, "env has no 'MISSING'. It has: GREETING, SECRET."):
        workers.env.MISSING  # noqa: B018
    assert "s3cret" not in repr(workers.env)
    assert dir(workers.env) == ["GREETING", "SECRET"]
    assert import_from_javascript("cloudflare:workers").env.GREETING == "hello"


async def patched_environment(_url):
    with patch_env({"GREETING": "patched"}, OTHER=1):
        assert (workers.env.GREETING, workers.env.OTHER) == ("patched", 1)
        with patch_env([("OTHER", 2)]):
            assert (workers.env.GREETING, workers.env.OTHER) == ("patched", 2)

    assert workers.env.GREETING == "hello"
    assert not hasattr(workers.env, "OTHER")


async def wait_until_keeps_going(_url):
    done = []

    async def work():
        await asyncio.sleep(0)
        done.append(1)

    wait_until(work())
    gc.collect()
    wait_until(js.Promise.resolve(1))
    while not done:  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0)

    assert workers.waitUntil is wait_until


async def javascript_modules(_url):
    with Raises(ImportError, "cloudflare:sockets"):
        import_from_javascript("cloudflare:sockets")
    if can_run_sync():
        # A Node whose WebAssembly can wait for promises, as newer ones can.
        assert import_from_javascript("node:os").EOL == "\n"
        return
    with Raises(ImportError, "Cannot import 'node:os'"):
        import_from_javascript("node:os")


async def entrypoints_can_be_subclassed(_url):
    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            return Response.json({"method": request.method, "greeting": self.env.GREETING})

    class Counter(DurableObject):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            self.count = 0

    assert (await (await Default(None, workers.env).fetch(Request("http://x/"))).json())["greeting"] == "hello"
    assert Counter(None, workers.env).count == 0


async def handlers(_url):
    @handler
    async def on_fetch(request, env):
        return Response(f"{type(request).__name__} {env}")

    assert on_fetch.__name__ == "on_fetch"
    assert await (await on_fetch(js.Request.new("http://x/"), 1)).text() == "Request 1"
