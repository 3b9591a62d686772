import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { PROTOCOL, requestHeaders } from "../../js/server/admission.js";
import { PrivateServer } from "../../js/server/private_server.js";

const folder = mkdtempSync(join(tmpdir(), "stepwell-server-"));
after(() => rmSync(folder, { recursive: true }));
const OWNER = { secret: "s".repeat(43), identity: "1:2" };
let servers = 0;

/** @param {(request: Request) => Response | Promise<Response>} fetch */
async function serve(fetch = () => new Response("done")) {
  const path = join(folder, `${++servers}.sock`);
  const server = new PrivateServer(fetch, OWNER);
  await server.listen(path);
  return { path, server };
}

/**
 * @param {string} path
 * @param {Record<string, string>} headers
 * @param {Agent} [agent]
 */
async function get(path, headers, agent) {
  const sent = request({ socketPath: path, path: "/", headers, ...(agent ? { agent } : { agent: false }) }).end();
  const [response] = await once(sent, "response");
  let text = "";
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text };
}

test("a command that proves itself is admitted", async () => {
  const { path, server } = await serve();

  assert.deepEqual(await get(path, requestHeaders(OWNER)), { status: 200, text: "done" });
  await server.close();
});

for (const [what, headers, status, reason] of /** @type {[string, Record<string, string>, number, string][]} */ ([
  ["without a secret", { ...requestHeaders(OWNER), authorization: "" }, 401, "host.secret"],
  ["with another secret", requestHeaders({ ...OWNER, secret: "t".repeat(43) }), 401, "host.secret"],
  ["for another state", requestHeaders({ ...OWNER, identity: "1:3" }), 421, "host.other_state"],
  ["of a command that sends no version", {}, 426, "host.version"],
  ["of a newer command", { ...requestHeaders(OWNER), "stepwell-protocol": String(PROTOCOL + 1) }, 426, "host.version"],
])) {
  test(`a request ${what} is refused before it acts`, async () => {
    let acted = false;
    const { path, server } = await serve(() => {
      acted = true;
      return new Response();
    });

    const { status: given, text } = await get(path, headers);

    const [error] = JSON.parse(text).errors;
    assert.deepEqual([given, error.reason, acted], [status, reason, false]);
    assert.equal(error.message.split(/[.;] /).length <= 4, true);
    await server.close();
  });
}

test("only this user can open the socket, whatever the umask", async () => {
  const umask = process.umask(0);
  const { path, server } = await serve();
  const later = process.umask(umask);

  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(later, 0);
  await server.close();
});

test("the end waits for requests that were read, and answers those that were not", async () => {
  /** @type {() => void} */
  let finish = () => {};
  const finished = new Promise((resolve) => {
    finish = () => resolve(undefined);
  });
  /** @type {() => void} */
  let begun = () => {};
  const beginning = new Promise((resolve) => {
    begun = () => resolve(undefined);
  });
  const { path, server } = await serve(async () => {
    begun();
    await finished;
    return new Response("done");
  });
  const resting = connect(path);
  await once(resting, "connect");
  const running = get(path, requestHeaders(OWNER));
  await beginning;

  const closed = server.close();
  resting.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", () => {});
  resting.on("error", () => {});
  let last = "";
  for await (const chunk of resting) last += chunk;
  finish();

  assert.match(last, /^HTTP\/1\.1 503 .*state\.stopped/s);
  assert.deepEqual(await running, { status: 200, text: "done" });
  await closed;
});

test("the server announces no time after which it closes a resting connection", async () => {
  const { path, server } = await serve();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  const sent = request({ socketPath: path, path: "/", headers: requestHeaders(OWNER), agent }).end();
  const [response] = await once(sent, "response");
  response.resume();

  assert.deepEqual([response.headers.connection, response.headers["keep-alive"]], ["keep-alive", undefined]);
  agent.destroy();
  await server.close();
});
