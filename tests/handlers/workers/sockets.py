import json
from urllib.parse import urlsplit

from js import WebSocketPair
from pyodide.ffi import create_proxy

from workers import Response, WorkerEntrypoint

closed = []


def echo(server):
    def receive(event):
        data = event.data
        words = data.split(" ") if isinstance(data, str) else [""]
        if words[0] != "close":
            server.send(f"echo {data}" if isinstance(data, str) else data)
            return
        try:
            server.close(int(words[1]), words[2])
        except Exception as error:  # noqa: BLE001 - an error of JavaScript
            server.send(str(error))

    def note(event):
        closed.append([event.code, event.reason, event.wasClean])

    server.addEventListener("message", create_proxy(receive))
    server.addEventListener("close", create_proxy(note))


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        path = urlsplit(request.url).path
        if path == "/closed":
            return Response(json.dumps(closed))
        client, server = WebSocketPair.new().object_values()
        server.accept()
        if path == "/greet":
            server.send("welcome")
        echo(server)
        return Response(None, status=200 if path == "/wrong" else 101, web_socket=client)
