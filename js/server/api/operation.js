/**
 * An operation of the interface: where it is, who may call it, what it takes and what it answers. The same description
 * makes the route, the checks and the entry of the OpenAPI document.
 */

/** @import { Context, Hono } from "hono" */
/** @import { ZodType } from "zod" */
/** @import { Caller } from "../auth/caller.js" */

import { WorkflowError } from "../../engine/errors.js";
import { readJson } from "../requests/body.js";
import { success } from "./envelope.js";

const NO_BODY = { plain: undefined, exact: undefined };

/** @typedef {"read" | "write" | "admin"} Scope */

/**
 * @typedef {object} Call
 * @property {Caller} caller
 * @property {string} account
 * @property {Record<string, string>} params of the path
 * @property {any} query
 * @property {any} body
 * @property {any} exact the body with its numbers as they were written, for values that are stored
 * @property {Context} context
 */

/**
 * @typedef {object} Operation
 * @property {string} id
 * @property {"get" | "post" | "put" | "patch" | "delete"} method
 * @property {string} path below the account, or below the explorer's prefix; in Hono's notation
 * @property {string} summary
 * @property {Scope} scope
 * @property {ZodType} [query]
 * @property {ZodType} [body]
 * @property {(body: any) => void} [checkBody] throws where the body is too long for its schema, which looks at each member
 * @property {ZodType} result
 * @property {boolean} [list] it answers pages of `result`
 * @property {string} [media] of an answer that is not an envelope
 * @property {(call: Call) => unknown} run gives the result, a `Page` of them, or a `Response`
 */

/**
 * Who calls, or a refusal.
 *
 * @typedef {(context: Context, operation: Operation) => { caller: Caller, account: string } | Promise<{ caller: Caller, account: string }>} Admit
 */

/**
 * @param {Hono<any>} app
 * @param {Operation} operation
 * @param {Admit} admit
 * @param {import("../requests/body.js").BodyLimits} [limits]
 */
export function addRoute(app, operation, admit, limits) {
  const { method, path, query, body, checkBody, run } = operation;
  app.on(method.toUpperCase(), path, async (context) => {
    const { caller, account } = await admit(context, operation);
    const { plain, exact } = body ? await readJson(context.req.raw, limits) : NO_BODY;
    checkBody?.(plain);
    const result = await run({
      caller,
      account,
      params: context.req.param(),
      query: query && parse(query, queryOf(context)),
      body: body && parse(body, plain),
      exact,
      context,
    });
    return result instanceof Response ? result : context.json(success(result));
  });
}

/** A key that is given once is a text, otherwise a list of them. @param {Context} context */
function queryOf(context) {
  return Object.fromEntries(
    Object.entries(context.req.queries()).map(([key, values]) => [key, values.length === 1 ? values[0] : values]),
  );
}

/** Problems of one request that are reported; a long list can have thousands. */
const MAX_PROBLEMS = 5;

/**
 * @template {ZodType} S
 * @param {S} schema
 * @param {unknown} value
 * @returns {import("zod").infer<S>}
 * @throws {WorkflowError} naming the places that do not fit
 */
export function parse(schema, value) {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length ? `${path.join(".")}: ${message}` : message,
  );
  const more = problems.length - MAX_PROBLEMS;
  const shown = problems.slice(0, MAX_PROBLEMS).join("; ");
  throw new WorkflowError("body.invalid", more > 0 ? `${shown}; and ${more} more` : shown);
}
