import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";

import { loadGuest } from "../bridge/guest.js";

/** An archive with one file, a.txt. */
const ARCHIVE = Buffer.from(
  "UEsDBBQAAAAAAAAAIQASRc00DgAAAA4AAAAFAAAAYS50eHRpbiB0aGUgYXJjaGl2ZVBLAQIUAxQAAAAAAAAAIQASRc00DgAAAA4AAAAFAAAAAAAAAAAAAACAAQAAAABhLnR4dFBLBQYAAAAAAQABADMAAAAxAAAAAAA=",
  "base64",
);

let open = 0;

const server = createServer((request, response) => void answer(request, response));

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
async function answer(request, response) {
  const path = String(request.url).split("?")[0];
  switch (path) {
    case "/text":
      return response.setHeader("content-type", "text/plain").end("grüße");
    case "/bytes":
      return response.end(Buffer.from([0, 255]));
    case "/json":
      return response.end('{"a": [1, 2.5, null]}');
    case "/form":
      return response.setHeader("content-type", "application/x-www-form-urlencoded").end("a=1&a=2");
    case "/headers":
      return response
        .setHeader("content-type", "text/plain; charset=utf-8")
        .setHeader("set-cookie", ["a=1", "b=2"])
        .setHeader("x-many", ["1", "2"])
        .end();
    case "/redirect":
      return response.writeHead(302, { location: "/text" }).end();
    case "/archive.zip":
      return response.end(ARCHIVE);
    case "/never":
      open += 1;
      return response.on("close", () => (open -= 1));
    case "/open":
      return response.end(String(open));
    case "/echo": {
      const body = Buffer.concat(await request.toArray());
      const { method, headers, url } = request;
      return response.end(JSON.stringify({ method, headers, url, length: body.length, body: body.toString() }));
    }
    default:
      return response.writeHead(404).end();
  }
}
server.listen(0, "127.0.0.1");
await once(server, "listening");
after(() => server.close());
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

const guest = await loadGuest();
guest.runPython("from web_api import TESTS");

for (const name of guest.runPython("' '.join(TESTS)").split(" ")) {
  test(name.replaceAll("_", " "), async () => {
    await guest.runPythonAsync(`await TESTS["${name}"]("http://127.0.0.1:${port}")`);
  });
}

test("importing the SDK leaves no object of JavaScript's behind", () => {
  const found = guest.runPython(`
    import sys
    from pyodide.ffi import JsProxy
    [
        f"{name}.{key}"
        for name, module in sys.modules.items()
        if name.partition(".")[0] in {"workers", "_workflows_bridge"}
        for key, value in vars(module).items()
        if isinstance(value, JsProxy)
    ]
  `);

  assert.deepEqual(found.toJs(), []);
  found.destroy();
});
