"""A Worker of functions, without a class. It reads bodies in each way that code may."""

import json

from workers import Response, wait_until

seen = []


async def on_fetch(request, env, ctx):
    path = request.url.rpartition("/")[2]
    if path == "seen":
        return Response.json(seen)
    if path == "twice":
        first = await request.text()
        try:
            await request.text()
        except OSError as error:
            return Response.json([first, request.body_used, type(error).__name__])
    if path == "clone":
        clone = request.clone()
        return Response.json([await request.json(), await clone.json()])
    if path == "javascript":
        text = await request.text()
        return Response.json([text, request.js_object.bodyUsed])
    if path == "reader":
        request.body.getReader()
        return Response(await request.text())

    async def later():
        seen.append(env.GREETING)

    ctx.waitUntil(later())
    wait_until(later())
    return Response(await request.text(), headers={"x-greeting": env.GREETING})


def on_scheduled(controller, env):
    seen.append([controller.cron, env.GREETING])


async def on_queue(batch):
    seen.append([json.loads(json.dumps(message.body)) for message in batch.messages])
    batch.ackAll()
