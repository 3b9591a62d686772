/** Who the reader is: the account, what the reader may do, the server's clock; and the token that proves it. */

import { batch, computed, signal } from "@preact/signals";

const KEY = "stepwell.token";
const API = "./api";

/** @typedef {{ account: string, scope: "read" | "write" | "admin", is_read_only: boolean, version: string, now: number }} Session */

/** @type {import("@preact/signals").Signal<Session | null>} */
export const session = signal(null);
/** Why there is no session: a token is needed, or the one that was given is refused. @type {import("@preact/signals").Signal<string | null>} */
export const tokenWanted = signal(null);
/** Whether the server answers. */
export const isConnected = signal(true);
export const isReady = computed(() => session.value !== null && isConnected.value);
export const canWrite = computed(() => isReady.value && session.value?.scope !== "read");
/** The server's clock against the browser's, in ms. */
const offset = signal(0);

/** The server's time, in ms since 1970. */
export function serverNow() {
  return Date.now() + offset.value;
}

let token = stored();

/** Only as long as the tab is open. */
function stored() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} secret empty: none */
export async function useToken(secret) {
  token = secret;
  try {
    if (secret === "") sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, secret);
  } catch {
    // Without storage the token is gone with the next load.
  }
  await openSession();
}

export function hasToken() {
  return token !== "";
}

export async function openSession() {
  try {
    const found = /** @type {Session} */ (await ask("GET", "/session"));
    batch(() => {
      offset.value = found.now - Date.now();
      tokenWanted.value = null;
      session.value = found;
    });
  } catch (error) {
    if (!(error instanceof Refusal)) setTimeout(() => void openSession(), 2000);
  }
}

/** The server has refused a request. */
export class Refusal extends Error {
  /** @param {number} status @param {string} message @param {string} [reason] for programs */
  constructor(status, message, reason) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/**
 * @param {string} method
 * @param {string} path below the API
 * @param {{ body?: unknown, signal?: AbortSignal, headers?: Record<string, string> }} [options]
 * @returns {Promise<Response>} a successful one
 * @throws {Refusal}
 */
export async function send(method, path, { body, signal: cancel, headers = {} } = {}) {
  let response;
  try {
    response = await fetch(`${API}${path}`, {
      method,
      headers: {
        ...headers,
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(cancel ? { signal: cancel } : {}),
    });
  } catch (error) {
    if (!cancel?.aborted) isConnected.value = false;
    throw error;
  }
  isConnected.value = true;
  if (response.ok) return response;
  const answer = await response.json().catch(() => null);
  const [problem] = answer?.errors ?? [];
  const message = problem?.message ?? `The server answered with status ${response.status}.`;
  if (response.status === 401) {
    batch(() => {
      session.value = null;
      tokenWanted.value = token === "" ? "This server needs a token." : "This token is not valid, or not any more.";
    });
  }
  throw new Refusal(response.status, message, problem?.reason);
}

/** @param {string} method @param {string} path @param {Parameters<typeof send>[2]} [options] @returns {Promise<any>} the result */
export async function ask(method, path, options) {
  return (await (await send(method, path, options)).json()).result;
}

/** A path of the reader's account. @param {...string} parts */
export function inAccount(...parts) {
  return `/accounts/${encodeURIComponent(session.peek()?.account ?? "default")}/${parts.map(encodeURIComponent).join("/")}`;
}
