/** Workers AI by a server that speaks OpenAI's interface. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, beforeEach, test } from "node:test";
import { runModel } from "../../js/server/ai/ai.js";

/** @type {import("node:http").Server} */
let server;
/** @type {string} */
let base;
/** What was asked. @type {{ path: string | undefined, body: any, key: string | undefined }[]} */
let asked;
/** @type {{ status: number, text: string }} */
let answer;

before(async () => {
  server = createServer((request, response) => {
    const parts = /** @type {Buffer[]} */ ([]);
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      asked.push({
        path: request.url,
        body: JSON.parse(Buffer.concat(parts).toString()),
        key: request.headers.authorization,
      });
      response.statusCode = answer.status;
      response.end(answer.text);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/v1`;
});
after(() => server.close());
beforeEach(() => {
  asked = [];
});

/** @param {unknown} body */
function reply(body, status = 200) {
  answer = { status, text: typeof body === "string" ? body : JSON.stringify(body) };
}

const run = (/** @type {unknown[]} */ call, /** @type {object} */ more = {}, variables = /** @type {any} */ ({})) =>
  runModel({ base_url: base, ...more }, (name) => variables[name], call);

const said = (/** @type {string} */ content) => ({ choices: [{ message: { content } }], usage: { total_tokens: 3 } });

test("messages become a chat, and its answer a response", async () => {
  reply(said("hi"));

  const result = await run(["@cf/m", { messages: [{ role: "user", content: "hello" }], max_tokens: 5, lora: "x" }]);

  assert.deepEqual(result, { response: "hi", usage: { total_tokens: 3 } });
  assert.deepEqual(asked, [
    {
      path: "/v1/chat/completions",
      body: { model: "@cf/m", messages: [{ role: "user", content: "hello" }], max_tokens: 5 },
      key: undefined,
    },
  ]);
});

test("a prompt is a message of the user", async () => {
  reply(said("hi"));

  await run(["@cf/m", { prompt: "hello" }]);

  assert.deepEqual(asked[0].body.messages, [{ role: "user", content: "hello" }]);
});

test("models have the server's names, and the key is a variable's", async () => {
  reply(said("hi"));
  const settings = { models: { "@cf/m": "small" }, key_variable: "KEY" };

  await run(["@cf/m", { prompt: "" }], settings, { KEY: "k" });

  assert.equal(asked[0].body.model, "small");
  assert.equal(asked[0].key, "Bearer k");
});

test("texts become embeddings", async () => {
  reply({
    data: [
      { index: 1, embedding: [3, 4] },
      { index: 0, embedding: [1, 2] },
    ],
  });

  const result = await run(["@cf/e", { text: ["a", "b"] }]);

  assert.deepEqual(result, {
    shape: [2, 2],
    data: [
      [1, 2],
      [3, 4],
    ],
    pooling: "mean",
  });
  assert.deepEqual(asked[0], { path: "/v1/embeddings", body: { model: "@cf/e", input: ["a", "b"] }, key: undefined });
});

test("a stream has the events of Workers AI", async () => {
  const events = ["A", "B"].map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
  reply(`${events.join("")}data: [DONE]\n\n`);

  const stream = /** @type {ReadableStream} */ (await run(["@cf/m", { prompt: "x", stream: true }]));

  assert.equal(
    await new Response(stream).text(),
    'data: {"response":"A"}\n\ndata: {"response":"B"}\n\ndata: [DONE]\n\n',
  );
});

test("calls of tools and JSON are parsed", async () => {
  const calls = [{ function: { name: "add", arguments: '{"a":1}' } }];
  reply({ choices: [{ message: { content: null, tool_calls: calls } }] });
  assert.deepEqual(await run(["@cf/m", { prompt: "x" }]), {
    response: null,
    tool_calls: [{ name: "add", arguments: { a: 1 } }],
  });

  reply(said('{"x":1}'));
  const result = /** @type {any} */ (await run(["@cf/m", { prompt: "x", response_format: { type: "json_object" } }]));
  assert.deepEqual(result.response, { x: 1 });
});

test("what the server refuses is an error with its status and text", async () => {
  reply("no such model", 404);

  await assert.rejects(
    run(["@cf/m", { prompt: "x" }]),
    /chat\/completions has answered with status 404: no such model/,
  );
});

test("a server that is not there is an error with the remedy", async () => {
  const settings = { base_url: "http://127.0.0.1:1/v1" };

  await assert.rejects(run(["@cf/m", { prompt: "x" }], settings), /cannot reach .*Start the server, or change/);
});

test("an answer that is not JSON is an error", async () => {
  reply("<html>");

  await assert.rejects(run(["@cf/m", { prompt: "x" }]), /what is not JSON: <html>/);
});

test("inputs of other models are refused by name", async () => {
  await assert.rejects(run(["@cf/m", { image: [1] }]), /was given image\. Stepwell carries out text generation/);
  await assert.rejects(run(["", {}]), /takes the name of a model/);
  await assert.rejects(run(["@cf/m", "x"]), /inputs as an object/);
});

test("a key that is nowhere is an error with its name", async () => {
  await assert.rejects(run(["@cf/m", { prompt: "" }], { key_variable: "KEY" }), /needs the key in KEY/);
});
