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
  "/stream": (request) => new Response(request.body, { headers: { "x-streamed": "yes" } }),
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
