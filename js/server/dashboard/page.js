/** The dashboard's page: its bundle, its styles, and the document that names them. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { readDashboardBundles } from "../../pages/server/bundle.js";
import { readStyles } from "../../pages/server/styles.js";

/** The page has its own scripts and styles, asks its own server, and is in no frame. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const FOLDER = new URL("../../dashboard/", import.meta.url);
const PAGES = new URL("../../pages/", import.meta.url);

/** @typedef {{ type: string, bytes: Uint8Array, packed: Uint8Array }} Part */
/** @typedef {{ index: string, parts: Map<string, Part> }} DashboardPage `parts` by `HASH/NAME` */

/** @type {Promise<DashboardPage> | undefined} */
let page;

/** @returns {Promise<DashboardPage>} made once for each process */
export function readPage() {
  page ??= makePage().catch((error) => {
    page = undefined;
    throw error;
  });
  return page;
}

/** @returns {Promise<DashboardPage>} */
async function makePage() {
  const { "dashboard.js": code = "" } = await readDashboardBundles();
  const files = {
    "dashboard.js": { type: "text/javascript; charset=utf-8", text: code },
    "dashboard.css": { type: "text/css; charset=utf-8", text: readStyles(["dashboard"]) },
    "early.js": { type: "text/javascript; charset=utf-8", text: readFileSync(new URL("early.js", PAGES), "utf8") },
    "icon.svg": { type: "image/svg+xml", text: readFileSync(new URL("icon.svg", PAGES), "utf8") },
  };
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  const index = readFileSync(new URL("page/index.html", FOLDER), "utf8").replaceAll("parts/", `./v/${hash}/`);
  const parts = Object.entries(files).map(([name, { type, text }]) => {
    const bytes = new TextEncoder().encode(text);
    return /** @type {[string, Part]} */ ([`${hash}/${name}`, { type, bytes, packed: gzipSync(bytes) }]);
  });
  return { index, parts: new Map(parts) };
}
