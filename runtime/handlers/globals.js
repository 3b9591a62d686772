/** Globals that Cloudflare's runtime has and Node has not, or has otherwise. */

import { GuestCaches } from "./caches.js";
import { htmlRewriter } from "./html_rewriter.js";
import { guestResponse } from "./response.js";
import { WebSocketPair } from "./web_socket.js";

/**
 * What makes each, by its name: when it is first needed.
 *
 * @param {() => import("./html_rewriter.js").ParserClass} [loadHtmlParser] absent: there is no `HTMLRewriter`
 * @returns {Record<string, () => unknown>}
 */
export function workerGlobals(loadHtmlParser) {
  return {
    Response: guestResponse,
    WebSocketPair: () => WebSocketPair,
    caches: () => new GuestCaches(),
    scheduler: () => ({ wait }),
    navigator: () => ({ userAgent: "Cloudflare-Workers", hardwareConcurrency: 1, language: "en" }),
    ...(loadHtmlParser ? { HTMLRewriter: () => htmlRewriter(loadHtmlParser) } : {}),
  };
}

/**
 * Settles after `delay` ms.
 *
 * @param {number} delay
 * @param {{ signal?: AbortSignal }} [options] `signal` ends the waiting
 * @returns {Promise<void>}
 */
function wait(delay, { signal } = {}) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, delay);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
