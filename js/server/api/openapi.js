/** The OpenAPI document of the interface, made from the schemas that check its requests. */

/** @import { Operation } from "./operation.js" */

import { z } from "zod";
import { VERSION } from "../version.js";

const PATH_PARAMETERS = {
  account_id: "The account. Any id that is not a known account's stands for the default account.",
  workflow_name: "The name of the workflow.",
  instance_id: "The id of the instance.",
  version_id: "The id of the version.",
  event_type: "The type of the event.",
};
/** Refusals that every operation may answer with. */
const REFUSALS = {
  400: "The request is malformed, or not allowed.",
  401: "A token is required.",
  403: "The token is for another account or lacks the scope, or another site sends the request.",
  404: "It does not exist.",
  409: "Its status does not allow that.",
  413: "The body is too large.",
  429: "Too many instances are created. Retry-After says when to try again.",
};

/**
 * @param {{ operations: Operation[], prefix: string, publicUrl: string }} options
 */
export function openApiDocument({ operations, prefix, publicUrl }) {
  /** @type {Record<string, Record<string, unknown>>} */
  const paths = {};
  for (const operation of operations) {
    const path = (prefix + operation.path).replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
    (paths[path] ??= {})[operation.method] = describe(operation, path);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Stepwell",
      version: VERSION,
      description: "Workflows and their instances, as Cloudflare's API has them.",
    },
    servers: [{ url: publicUrl }],
    security: [{}, { bearer: [] }, { key: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        key: { type: "apiKey", in: "header", name: "X-Auth-Key" },
      },
      schemas: { Failure: FAILURE },
    },
  };
}

const ERRORS = {
  type: "array",
  items: {
    type: "object",
    properties: { code: { type: "integer" }, message: { type: "string" }, reason: { type: "string" } },
    required: ["code", "message"],
  },
};
const FAILURE = envelopeOf({ success: { const: false }, result: { type: "null" } });

/** @param {Record<string, unknown>} properties */
function envelopeOf(properties) {
  return {
    type: "object",
    properties: { errors: ERRORS, messages: { type: "array" }, ...properties },
    required: ["success", "errors", "messages", "result"],
  };
}

/** @param {Operation} operation @param {string} path */
function describe({ id, summary, scope, query, body, result, list, media }, path) {
  const refusal = { content: { "application/json": { schema: { $ref: "#/components/schemas/Failure" } } } };
  return {
    operationId: id,
    summary,
    "x-required-scope": scope,
    parameters: [...pathParameters(path), ...(query ? queryParameters(query) : [])],
    ...(body ? { requestBody: { content: { "application/json": { schema: toJsonSchema(body, "input") } } } } : {}),
    responses: {
      200: { description: "Done.", content: contentOf({ result, list, media }) },
      ...Object.fromEntries(
        Object.entries(REFUSALS).map(([status, description]) => [status, { description, ...refusal }]),
      ),
    },
  };
}

/** @param {Pick<Operation, "result" | "list" | "media">} operation */
function contentOf({ result, list, media }) {
  if (media) return { [media]: { schema: { type: "string" } } };
  const item = toJsonSchema(result, "output");
  const info = { result_info: { type: "object" } };
  const properties = list ? { result: { type: "array", items: item }, ...info } : { result: item };
  const json = { "application/json": { schema: envelopeOf({ success: { const: true }, ...properties }) } };
  return json;
}

/** @param {string} path */
function pathParameters(path) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    description: PATH_PARAMETERS[/** @type {keyof typeof PATH_PARAMETERS} */ (name)],
    schema: { type: "string", minLength: 1 },
  }));
}

/** @param {z.ZodType} query */
function queryParameters(query) {
  const { properties = {}, required = [] } = /** @type {any} */ (toJsonSchema(query, "input"));
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(description ? { description } : {}),
    schema,
  }));
}

/** @param {z.ZodType} schema @param {"input" | "output"} io */
function toJsonSchema(schema, io) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
