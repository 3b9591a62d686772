import { EmailMessage } from "cloudflare:email";
import { env, WorkerEntrypoint } from "cloudflare:workers";

export default {
  async fetch(request, given, ctx) {
    const { pathname } = new URL(request.url);
    const route = ROUTES[pathname];
    return route ? await route(request, given, ctx) : new Response("not found", { status: 404 });
  },
};

const ROUTES = {
  "/hello": () => new Response("Hello world!"),
  "/env": (_request, given) => Response.json({ given: given.GREETING, module: env.GREETING }),
  "/echo": async (request) =>
    Response.json({ method: request.method, type: request.headers.get("content-type"), body: await request.text() }),
  "/raise": () => {
    // oxlint-disable-next-line no-console -- it is what is tested
    console.log("before it fails");
    throw new RangeError("out of luck");
  },
  "/message": () => {
    const { from, to, raw } = new EmailMessage("a@example.com", "b@example.com", "Subject: c\r\n\r\nd");
    return Response.json([from, to, raw]);
  },
  "/stream": (request) => new Response(request.body, { headers: { "x-streamed": "yes" } }),
  "/globals": async () => {
    await scheduler.wait(1);
    const cache = await caches.open("own");
    const kept = new Response("kept", { headers: { "cache-control": "max-age=60" } });
    await cache.put("http://example.com/kept", kept);
    await caches.default.put(
      "http://example.com/private",
      new Response("x", { headers: { "cache-control": "private" } }),
    );
    return Response.json({
      agent: navigator.userAgent,
      cached: await (await cache.match("http://example.com/kept")).text(),
      missed: [
        await caches.default.match("http://example.com/kept"),
        await caches.default.match("http://example.com/private"),
      ],
      deleted: [await cache.delete("http://example.com/kept"), await cache.delete("http://example.com/kept")],
      rewriter: typeof HTMLRewriter,
    });
  },
  "/encoded": () => new Response("packed", { headers: { "content-encoding": "gzip", "content-length": "6" } }),
  "/cookies": () => {
    const headers = new Headers({ "x-one": "1" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response(null, { status: 204, headers });
  },
};

export class Calculator extends WorkerEntrypoint {
  add(a, b) {
    return a + b;
  }
}
