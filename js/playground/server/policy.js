/**
 * What browsers are told to forbid: nothing of the site may ask any other origin for anything.
 *
 * Page and engine cannot evaluate text either; the interpreter's worker can, since user code may.
 */

const COMMON = [
  "default-src 'none'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

export const WORKER_POLICY = [...COMMON, "script-src 'self' 'wasm-unsafe-eval'"].join("; ");
export const PYTHON_POLICY = [...COMMON, "script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'"].join("; ");

export const PAGE_POLICY = [
  ...COMMON,
  "script-src 'self' 'wasm-unsafe-eval'",
  // The editor writes its styles itself.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "manifest-src 'self'",
].join("; ");

/** Headers of everything in the site: they let the page share memory between its workers. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};
