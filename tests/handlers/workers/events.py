"""Handlers of events, bindings, and work that goes on."""

import asyncio
from urllib.parse import urlsplit

from js import ReadableStream, Uint8Array
from pyodide.ffi import create_proxy

from workers import Response, WorkerEntrypoint, env, python_from_rpc, python_to_rpc, wait_until

seen = []


class OutOfStockError(Exception):
    """One of the user's own."""


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await ROUTES[urlsplit(request.url).path](self, request)

    async def scheduled(self, controller, env, ctx):
        seen.append([controller.cron, controller.scheduledTime, env.NAME, hasattr(ctx, "waitUntil")])
        if controller.cron == "1 1 1 1 1":
            controller.noRetry()

    async def queue(self, batch):
        seen.append([batch.queue, [[message.id, message.body, message.attempts] for message in batch.messages]])
        first, second, *_ = batch.messages
        first.ack()
        if batch.messages[-1].body == "raise":
            raise ValueError("no more")
        second.retry({"delaySeconds": 5})
        batch.retryAll()

    def describe(self, value):
        return {"type": type(value).__name__, "value": value, "props": python_from_rpc(self.ctx.props)}

    def fail(self):
        raise OutOfStockError("none left")


async def show_seen(_worker, _request):
    return Response.json(seen)


async def later(worker, _request):
    async def work(name):
        await asyncio.sleep(0.001)
        seen.append(name)
        print("later", name)

    worker.ctx.waitUntil(work("by ctx"))
    wait_until(work("by the module"))
    return Response("at once")


async def call_service(worker, _request):
    service = worker.env.OTHER
    described = await service.describe({"list": [1, None, "x"]})
    response = await service.fetch("http://other/seen", method="POST", body="body", headers={"x-one": "1"})
    try:
        await service.fail()
    except Exception as error:  # noqa: BLE001 - Cloudflare's SDK has one of its own
        failed = f"{type(error).__name__}: {error}"
    data = await service.describe(b"\x00\x01")
    return Response.json([described, response.status, await response.text(), failed, data["type"]])


async def call_export(worker, _request):
    named = worker.ctx.exports.Named
    return Response.json([await named.name(), await named(props=python_to_rpc({"who": "me"})).name()])


async def use_workflow(worker, _request):
    instance = await worker.env.FLOW.create(id="one", params={"n": 1})
    status = await (await env.FLOW.get("one")).status()
    return Response.json([instance.id, status])


async def use_refused(worker, _request):
    await worker.env.AI.run("model")


async def hang(_worker, _request):
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        seen.append("cancelled")
        raise


async def spin(_worker, _request):
    while True:
        pass


async def endless(_worker, _request):
    def pull(controller):
        seen.append("pulled")
        controller.enqueue(Uint8Array.new(64 * 1024))

    return Response(ReadableStream.new(pull=create_proxy(pull)))


ROUTES = {
    "/seen": show_seen,
    "/later": later,
    "/service": call_service,
    "/export": call_export,
    "/workflow": use_workflow,
    "/refused": use_refused,
    "/hang": hang,
    "/spin": spin,
    "/endless": endless,
}


class Named(WorkerEntrypoint):
    def name(self):
        return f"named {python_from_rpc(self.ctx.props).get('who', 'nobody')}"
