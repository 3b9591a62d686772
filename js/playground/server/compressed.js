/** The files of the site as gzip has them, made once: the largest stay in the cache for later servers. */

/** @import { SiteFile } from "./site.js" */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { cacheFolder } from "../../../runtime/pyodide/snapshot.js";

const compress = promisify(gzip);
const LEVEL = 9;
/** A smaller file is one packet anyway. */
const LEAST_BYTES = 1000;
/** A file that shrinks by less is sent as it is. */
const WORTH_IT = 0.9;
/** Above this many bytes a file takes long to compress, and is kept. */
const KEPT_BYTES = 500_000;

/**
 * @param {SiteFile[]} site
 * @param {Map<string, Uint8Array>} [made] gets each file when it is ready
 * @returns {Promise<Map<string, Uint8Array>>} by path; without the files that gzip hardly makes smaller
 */
export async function compressSite(site, made = new Map()) {
  for (const { path, bytes, source } of site) {
    const plain = bytes ?? (await readFile(/** @type {string} */ (source)));
    if (plain.length < LEAST_BYTES) continue;
    const packed = await (plain.length < KEPT_BYTES ? compress(plain, { level: LEVEL }) : compressOnce(plain));
    if (packed.length < plain.length * WORTH_IT) made.set(path, packed);
  }
  return made;
}

/** @param {Uint8Array} plain */
async function compressOnce(plain) {
  const folder = join(cacheFolder(), "gzip");
  const path = join(folder, `${createHash("sha256").update(plain).digest("hex").slice(0, 32)}.gz`);
  try {
    return readFileSync(path);
  } catch {
    // It is compressed for the first time.
  }
  const packed = await compress(plain, { level: LEVEL });
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.${process.pid}`, packed);
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // Where nothing can be kept it is compressed each time.
  }
  return packed;
}
