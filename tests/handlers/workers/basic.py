"""Handlers in Python, by class."""

from urllib.parse import urlsplit

from workers import Response, WorkerEntrypoint, env


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


async def cookies(_worker, _request):
    headers = [("x-one", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    return Response(None, status=204, headers=headers)


ROUTES = {
    "/hello": hello,
    "/env": show_env,
    "/echo": echo,
    "/raise": fail,
    "/stream": stream,
    "/cookies": cookies,
}


class Calculator(WorkerEntrypoint):
    def add(self, a, b):
        return a + b
