from urllib.parse import urlsplit

from js import HTMLRewriter, scheduler
from pyodide.ffi import create_proxy, to_js

from workers import Response, WorkerEntrypoint


class Links:
    def element(self, a):
        a.setAttribute("href", a.getAttribute("href").replace("old", "new"))


class Ending:
    def end(self, end):
        end.append("<!-- end -->", to_js({"html": True}, dict_converter=__import__("js").Object.fromEntries))


class Later:
    async def element(self, p):
        await scheduler.wait(1)
        p.setInnerContent("later")


class Broken:
    def element(self, p):
        raise ValueError("no such luck")


def rewriter(path):
    made = HTMLRewriter.new()
    if path == "/links":
        return made.on("a[href]", create_proxy(Links())).onDocument(create_proxy(Ending()))
    return made.on("p", create_proxy(Later() if path == "/later" else Broken()))


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        path = urlsplit(request.url).path
        link = '<a href="https://old.example/a">A</a>' if path == "/links" else ""
        headers = {"content-length": str(10 + len(link)), "x-kept": "yes"}
        original = Response(f"<p>one</p>{link}", headers=headers)
        return Response(rewriter(path).transform(original.js_object))
