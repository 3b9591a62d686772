/** The site as a folder that any web server can host, also below a path of its own. */

/** @import { SiteFile } from "./site.js" */

import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What an earlier export has left may be written over; anything else is somebody's. */
const OURS = new Set(["index.html", "index.html.gz", "service_worker.js", "service_worker.js.gz", "v"]);

/**
 * @param {SiteFile[]} site
 * @param {string} folder made if missing
 * @param {ReadonlyMap<string, Uint8Array>} [compressed] files as gzip has them, by path: each is written beside the plain
 *   one as `NAME.gz`, where web servers look for it
 * @returns {{ folder: string, files: number, bytes: number, sent_bytes: number }} `sent_bytes`: to browsers that take gzip
 * @throws the folder holds something else, or cannot be written
 */
export function exportSite(site, folder, compressed = new Map()) {
  try {
    mkdirSync(folder, { recursive: true });
    const foreign = readdirSync(folder).find((name) => !OURS.has(name));
    if (foreign !== undefined) {
      const message = `${folder} is not empty: it has ${foreign}. Choose an empty folder.`;
      throw Object.assign(new Error(message), { code: "export.not_empty" });
    }
    let bytes = 0;
    let sent_bytes = 0;
    for (const file of site) {
      const place = join(folder, file.path);
      mkdirSync(dirname(place), { recursive: true });
      if (file.source !== undefined) copyFileSync(file.source, place);
      else writeFileSync(place, /** @type {Uint8Array} */ (file.bytes));
      const packed = compressed.get(file.path);
      if (packed) writeFileSync(`${place}.gz`, packed);
      else rmSync(`${place}.gz`, { force: true });
      const { size } = statSync(place);
      bytes += size;
      sent_bytes += packed?.length ?? size;
    }
    return { folder, files: site.length, bytes, sent_bytes };
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code?.startsWith("export.")) throw error;
    throw Object.assign(new Error(`${folder} cannot be written (${message}).`), { code: "export.failed" });
  }
}
