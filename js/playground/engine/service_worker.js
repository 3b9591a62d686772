/**
 * The service worker of a static site: sends along the headers that its host does not, so that the page may share memory
 * and nothing of it reaches another origin, and keeps what never changes.
 *
 * The export fills POLICIES in.
 */

/** @type {Record<string, string>} */
const POLICIES = {};
const KEPT = "stepwell";
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** @type {any} */
const scope = globalThis;

scope.addEventListener("install", () => scope.skipWaiting());
scope.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  const mine = url.origin === location.origin && event.request.method === "GET";
  if (mine) event.respondWith(answer(event.request, url));
});

/** @param {Request} request @param {URL} url */
async function answer(request, url) {
  const immutable = /\/v\/[0-9a-f]{16}\//.test(url.pathname);
  const found = immutable ? await fromCache(request, url) : await fetch(request);
  if (found.status === 0 || found.type === "opaqueredirect") return found;
  const headers = new Headers(found.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  const policy = policyFor(request, url);
  if (policy) headers.set("Content-Security-Policy", policy);
  const { status, statusText } = found;
  return new Response(found.body, { status, statusText, headers });
}

/** @param {Request} request @param {URL} url */
function policyFor(request, url) {
  if (request.destination === "document") return POLICIES.page;
  return url.pathname.endsWith("/parts/python.js") ? POLICIES.python : POLICIES.worker;
}

/** @param {Request} request @param {URL} url */
async function fromCache(request, url) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(url.href);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) {
    await forgetOthers(cache, url);
    // A full quota is no reason to answer with nothing.
    void cache.put(url.href, response.clone()).catch(() => {});
  }
  return response;
}

/** What other versions have left. @param {Cache} cache @param {URL} url */
async function forgetOthers(cache, url) {
  const [version] = /^.*\/v\/[0-9a-f]{16}\//.exec(url.href) ?? [];
  const base = version?.replace(/v\/[0-9a-f]{16}\/$/, "v/");
  for (const { url: other } of await cache.keys()) {
    if (base && version && other.startsWith(base) && !other.startsWith(version)) await cache.delete(other);
  }
}
