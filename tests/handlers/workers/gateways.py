"""Applications for ASGI and WSGI, without a framework."""

import asyncio
from urllib.parse import urlsplit

import asgi
from workers import Response, WorkerEntrypoint, wsgi

started = []


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            started.append(message["type"])
            scope["state"]["who"] = "the application"
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        await converse(receive, send)
        return
    await ROUTES[scope["path"]](scope, receive, send)


async def converse(receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4000, "reason": "as asked"})
            return
        key = "text" if "text" in message else "bytes"
        await send({"type": "websocket.send", key: message[key]})


async def echo(scope, receive, send):
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    headers = dict(scope["headers"])
    described = (
        f"{scope['method']} {scope['query_string'].decode()} {headers[b'x-one'].decode()} {scope['state']['who']}"
    )
    await start(send, 201)
    await send({"type": "http.response.body", "body": f"{described} {body.decode()}".encode()})


async def start(send, status=200):
    headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def stream(_scope, _receive, send):
    await start(send)
    for number in range(3):
        await send({"type": "http.response.body", "body": b"%d " % number, "more_body": True})
        await asyncio.sleep(0.001)
    await send({"type": "http.response.body", "body": b"end"})


async def fail(_scope, _receive, _send):
    raise LookupError("not today")


async def fail_later(_scope, _receive, send):
    await start(send)
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    raise LookupError("half way")


async def cancel(_scope, _receive, _send):
    raise asyncio.CancelledError


async def cancel_later(_scope, _receive, send):
    await start(send)
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    raise asyncio.CancelledError


async def silent(_scope, _receive, _send):
    pass


ROUTES = {
    "/a b": echo,
    "/stream": stream,
    "/fail": fail,
    "/later": fail_later,
    "/cancel": cancel,
    "/cancel_later": cancel_later,
    "/silent": silent,
}


def wsgi_app(environ, start_response):
    path = environ["PATH_INFO"].encode("latin-1").decode()
    if path == "/wsgi/stream":
        start_response("200 OK", [("content-type", "text/plain")])
        return (b"%d " % number for number in range(3))
    if path == "/wsgi/fail":
        raise LookupError("not today")
    body = environ["wsgi.input"].read().decode()
    start_response("202 Taken", [("set-cookie", "a=1"), ("set-cookie", "b=2")])
    described = f"{environ['REQUEST_METHOD']} {path} {environ['QUERY_STRING']} {environ['HTTP_X_ONE']}"
    return [described.encode(), b" ", body.encode()]


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        path = urlsplit(request.url).path
        if path == "/lifespans":
            return Response.json(started)
        if path.startswith("/wsgi"):
            return await wsgi.fetch(wsgi_app, request, self.env)
        if request.headers.get("upgrade") == "websocket":
            return await asgi.websocket(app, request, self.env)
        return await asgi.fetch(app, request, self.env, self.ctx)
