/** Requests of the public port that a Worker's fetch handler answers. */

/** @import { ServingEvent } from "./event_queue.js" */
/** @import { unpackResponse } from "../../../runtime/handlers/packing.js" */
/** @import { PairedSocket } from "../../../runtime/handlers/web_socket.js" */

import { socketOf } from "../../../runtime/handlers/response.js";
import { disconnect } from "../../../runtime/handlers/web_socket.js";
import { toAnswer } from "./answer.js";
import { errorPage } from "./error_page.js";

/** The client has closed the connection: a status for logs alone. */
const CLIENT_LEFT = 499;

/**
 * What of a Worker answers requests: see `js/worker/worker.js`.
 *
 * @typedef {object} FetchWorker
 * @property {(request: Request, options?: { timeLimitMs?: number, rawHeaders?: string[], unpack?: typeof unpackResponse }) => Promise<Response>} fetch
 *
 * @typedef {object} AnswerOptions
 * @property {boolean} development show errors to the client
 * @property {number | undefined} timeLimitMs for the head of an answer; undefined: no limit
 * @property {string[]} [rawHeaders] the request's, names and values in turns
 * @property {() => void} [cut] cut the connection
 * @property {(event: ServingEvent) => void} emit
 * @property {() => number} [now] in ms
 */

/**
 * Answer a request by the Worker. Its own errors are answers too: this does not throw.
 *
 * @param {FetchWorker} worker
 * @param {Request} request
 * @param {AnswerOptions} options
 * @returns {Promise<Response>}
 */
export async function answerByWorker(worker, request, options) {
  const { timeLimitMs, rawHeaders, cut = () => {}, emit, now = () => performance.now() } = options;
  const began = now();
  const { method, url } = request;
  /** @param {number} status */
  const report = (status) => emit({ type: "request", method, url, status, duration_ms: Math.round(now() - began) });
  // The head has been sent: a body that is cut is the one way left to say that it is not whole.
  const onfail = (/** @type {unknown} */ error) => {
    if (!request.signal.aborted) emit({ type: "error", method, url, ...describe(error) });
    cut();
  };
  try {
    const response = await worker.fetch(request, {
      ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
      ...(rawHeaders === undefined ? {} : { rawHeaders }),
      unpack: (packed, ends) => toAnswer(packed, ends, { method, onfail }),
    });
    refuseUnaskedSocket(request, response);
    report(response.status);
    return response;
  } catch (error) {
    if (request.signal.aborted) {
      report(CLIENT_LEFT);
      return new Response(null, { status: 500 });
    }
    const failure = failureOf(error);
    report(failure.status);
    emit({ type: "error", method, url, ...describe(error) });
    return failureResponse(failure, request, options);
  }
}

/**
 * A client that asked for no WebSocket would wait for more than the status 101.
 *
 * @param {Request} request
 * @param {Response} response
 */
function refuseUnaskedSocket({ method, headers }, response) {
  if (response.status !== 101 || (method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket")) return;
  const socket = /** @type {PairedSocket | undefined} */ (socketOf(response));
  if (socket) disconnect(socket);
  throw new TypeError(
    "The Worker answered with a WebSocket (status 101), but the request has no header 'Upgrade: websocket'. Check the header, and answer such requests with status 426.",
  );
}

/** @param {any} error @returns {{ status: number, text: string, error: any }} */
function failureOf(error) {
  if (error?.code === "handler.timeout") return { status: 504, text: "Gateway Timeout", error };
  return { status: 500, text: "Internal Server Error", error };
}

/** @param {any} error */
export function describe(error) {
  const { name = "Error", message = String(error), traceback, code } = error ?? {};
  return { name, message, ...(traceback === undefined ? {} : { traceback }), ...(code === undefined ? {} : { code }) };
}

/**
 * @param {ReturnType<typeof failureOf>} failure
 * @param {Request} request
 * @param {AnswerOptions} options
 */
function failureResponse({ status, text, error }, request, { development }) {
  if (!development) return new Response(text, { status, headers: { "content-type": "text/plain;charset=UTF-8" } });
  const described = describe(error);
  if (!request.headers.get("accept")?.includes("text/html")) {
    const lines = described.traceback ?? `${described.name}: ${described.message}`;
    return new Response(`${lines}\n`, { status, headers: { "content-type": "text/plain;charset=UTF-8" } });
  }
  const page = errorPage(described, request);
  return new Response(page, { status, headers: { "content-type": "text/html;charset=UTF-8" } });
}
