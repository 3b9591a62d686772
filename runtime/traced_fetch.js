/** A `fetch` that sends the trace that the running code belongs to, as W3C's `traceparent` has it. */

const HEADER = "traceparent";

/**
 * @param {typeof fetch} send
 * @param {() => string | null | undefined} parentOf gives the header's value; nothing where there is no trace
 * @returns {typeof fetch} leaves a header that the code has set
 */
export function tracedFetch(send, parentOf) {
  return function fetch(resource, init) {
    const parent = parentOf();
    if (!parent) return send(resource, init);
    const headers = new Headers(init?.headers ?? (resource instanceof Request ? resource.headers : undefined));
    if (!headers.has(HEADER)) headers.set(HEADER, parent);
    return send(resource, { ...init, headers });
  };
}
