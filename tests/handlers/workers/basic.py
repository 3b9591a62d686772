"""Handlers in Python, by class."""

from urllib.parse import urlsplit

from workers import Request, Response, WorkerEntrypoint, env


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        route = ROUTES.get(urlsplit(request.url).path)
        return await route(self, request) if route else Response("not found", status=404)


async def hello(_worker, _request):
    return Response("Hello world!")


async def show_env(worker, _request):
    return Response.json({"given": worker.env.GREETING, "module": env.GREETING})


async def echo(_worker, request):
    body = await request.text()
    return Response.json({"method": request.method, "type": request.headers.get("content-type"), "body": body})


async def fail(_worker, _request):
    print("before it fails")
    raise IndexError("out of luck")


async def stream(_worker, request):
    return Response(request.body, headers={"x-streamed": "yes"})


async def encoded(_worker, _request):
    return Response("packed", headers={"content-encoding": "gzip", "content-length": "6"})


async def cookies(_worker, _request):
    headers = [("x-one", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    return Response(None, status=204, headers=headers)


async def parts(_worker, request):
    sent = list(request.headers.items())
    same = list(Request(request.js_object).headers.items())
    return Response.json({"data": sent, "object": same, "url": request.url == request.js_object.url})


async def raw(_worker, request):
    return Response(await request.bytes(), headers={"x-used": str(request.body_used)})


async def changed(_worker, _request):
    response = Response("text", headers={"X-One": "1"})
    response.js_object.headers.set("x-two", "2")
    return response


async def copied(_worker, request):
    copy = request.clone()
    return Response(await request.text() + await copy.text(), headers={"content-type": "text/x"})


async def own_exports(worker, _request):
    return Response.json([await worker.ctx.exports.Calculator.add(1, 2), worker.ctx.props])


ROUTES = {
    "/parts": parts,
    "/raw": raw,
    "/changed": changed,
    "/copied": copied,
    "/exports": own_exports,
    "/hello": hello,
    "/env": show_env,
    "/echo": echo,
    "/raise": fail,
    "/stream": stream,
    "/encoded": encoded,
    "/cookies": cookies,
}


class Calculator(WorkerEntrypoint):
    def add(self, a, b):
        return a + b
