/**
 * Workers AI by a server that speaks OpenAI's interface, which the configuration names: what `env.AI.run` is given becomes a
 * request of that interface, and the answer becomes what Workers AI gives.
 */

import { toWorkersAiStream } from "./event_stream.js";

/**
 * @typedef {object} AiSettings
 * @property {string} [base_url] such as http://localhost:11434/v1
 * @property {string} [key_variable] the variable or secret of the Worker, or of the environment, that has the key
 * @property {string} [model] the server's model, for all of Cloudflare's
 * @property {Record<string, string>} [models] the server's models, by names of Cloudflare's
 */

/** Fields of a chat that both interfaces have. */
const SHARED = [
  "frequency_penalty",
  "max_tokens",
  "presence_penalty",
  "response_format",
  "seed",
  "stream",
  "temperature",
  "tool_choice",
  "tools",
  "top_p",
];

/**
 * @param {AiSettings} settings
 * @param {(name: string) => string | undefined} variable gives a variable's value
 * @param {unknown[]} call model, inputs, options
 * @returns {Promise<unknown>}
 */
export async function runModel(settings, variable, [model, inputs, options]) {
  if (typeof model !== "string" || model === "")
    throw new TypeError("env.AI.run() takes the name of a model, then its inputs.");
  if (typeof inputs !== "object" || inputs === null)
    throw new TypeError(`env.AI.run(${JSON.stringify(model)}) takes its inputs as an object.`);
  const { path, body, convert } = toRequest(/** @type {Record<string, any>} */ (inputs), model);
  const named = settings.models?.[model] ?? settings.model ?? model;
  const response = await post(settings, variable, path, { model: named, ...body });
  if (/** @type {any} */ (options)?.returnRawResponse) return response;
  if (body.stream) return response.body?.pipeThrough(toWorkersAiStream());
  return convert(await parsed(response));
}

/**
 * @param {Record<string, any>} inputs
 * @param {string} model
 * @returns {{ path: string, body: Record<string, any>, convert: (answer: any) => unknown }}
 */
function toRequest(inputs, model) {
  const { messages, prompt, text, input, system } = inputs;
  if (input !== undefined) return { path: "responses", body: inputs, convert: (answer) => answer };
  if (messages === undefined && prompt === undefined) {
    if (text === undefined)
      throw new Error(
        `env.AI.run(${JSON.stringify(model)}) was given ${Object.keys(inputs).join(", ") || "nothing"}. Stepwell carries out text generation (messages or prompt), embeddings (text) and responses (input). For other models name a stub of your own: see docs/bindings.md.`,
      );
    return { path: "embeddings", body: { input: text }, convert: toEmbeddings };
  }
  const asked = messages ?? [
    ...(system ? [{ role: "system", content: system }] : []),
    { role: "user", content: prompt },
  ];
  const shared = SHARED.filter((name) => inputs[name] !== undefined).map((name) => [name, inputs[name]]);
  const isJson = String(inputs.response_format?.type ?? "").startsWith("json");
  return {
    path: "chat/completions",
    body: { messages: asked, ...Object.fromEntries(shared) },
    convert: (answer) => toText(answer, isJson),
  };
}

/** @param {any} answer @param {boolean} isJson whether the text is to be JSON */
function toText({ choices, usage }, isJson) {
  const { content, tool_calls: calls } = choices?.[0]?.message ?? {};
  const response = isJson && typeof content === "string" ? JSON.parse(content) : (content ?? null);
  return {
    response,
    ...(calls ? { tool_calls: calls.map(toToolCall) } : {}),
    ...(usage ? { usage } : {}),
  };
}

/** @param {{ function: { name: string, arguments: string } }} call */
function toToolCall({ function: { name, arguments: text } }) {
  return { name, arguments: JSON.parse(text || "{}") };
}

/** @param {{ data: { index?: number, embedding: number[] }[] }} answer */
function toEmbeddings({ data: entries }) {
  const data = entries.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0)).map(({ embedding }) => embedding);
  return { shape: [data.length, data[0]?.length ?? 0], data, pooling: "mean" };
}

/** @param {AiSettings} settings @param {(name: string) => string | undefined} variable @param {string} path @param {object} body */
async function post({ base_url: base = "", key_variable: name }, variable, path, body) {
  const address = `${base.replace(/\/$/, "")}/${path}`;
  const key = name === undefined ? undefined : variable(name);
  if (name !== undefined && key === undefined)
    throw new Error(
      `env.AI needs the key in ${name}, which is no variable or secret of the Worker and not in the environment.`,
    );
  let response;
  try {
    response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
    });
  } catch (error) {
    const { message, cause } = /** @type {Error & { cause?: Error }} */ (error);
    throw new Error(
      `env.AI cannot reach ${address} (${cause?.message || message}). Start the server, or change tool.stepwell.ai.base_url or STEPWELL_AI_URL.`,
      { cause: error },
    );
  }
  if (!response.ok) {
    const text = (await response.text()).slice(0, 500);
    throw new Error(`env.AI: ${address} has answered with status ${response.status}: ${text}`);
  }
  return response;
}

/** @param {Response} response */
async function parsed(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`env.AI: ${response.url} has answered with what is not JSON: ${text.slice(0, 200)}`);
  }
}
