/**
 * A project in the fragment of a link: `#p1.` and the project as JSON, compressed, in base64url. A fragment is never
 * sent to a server. gzip's checksum tells a damaged link from a whole one.
 */

/** @import { Files } from "../../host.d.ts" */

const PREFIX = "#p1.";
/** Chromium and Firefox take fragments of megabytes, chats and mail programs do not. */
export const LONGEST = 60_000;
const LARGEST_TEXT = 5e6;

/** @typedef {{ files: Files, main: string, params?: Record<string, string> }} Shared */

/** A link that cannot be opened; its message says why. */
export class LinkError extends Error {}

/** @param {Shared} project @returns {Promise<string>} the fragment */
export async function toFragment({ files, main, params }) {
  const text = JSON.stringify({ files, main, ...(params && Object.keys(params).length > 0 ? { params } : {}) });
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCodePoint(byte);
  return PREFIX + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {string} fragment as `location.hash` has it
 * @returns {Promise<Shared | null>} null where the fragment holds no project
 * @throws {LinkError} it is damaged
 */
export async function fromFragment(fragment) {
  if (!/^#p\d+\./.test(fragment)) return null;
  if (!fragment.startsWith(PREFIX)) throw new LinkError("This link was made by a newer playground.");
  let project;
  try {
    const binary = atob(fragment.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => /** @type {number} */ (char.codePointAt(0)));
    project = JSON.parse(await decompress(bytes));
  } catch (error) {
    if (error instanceof LinkError) throw error;
    throw new LinkError("This link is damaged: a part of it is missing or changed. Ask for it again.", {
      cause: error,
    });
  }
  if (!isProject(project)) throw new LinkError("This link holds no project.");
  return project;
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function decompress(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    // A few kilobytes can be made to unpack to gigabytes.
    if (text.length > LARGEST_TEXT) {
      await reader.cancel();
      throw new LinkError(`This link holds more than ${LARGEST_TEXT / 1e6} MB, which is no project.`);
    }
  }
}

/** @param {any} value @returns {value is Shared} */
function isProject(value) {
  const isRecord = (/** @type {any} */ each) => typeof each === "object" && each !== null && !Array.isArray(each);
  if (!isRecord(value) || !isRecord(value.files) || typeof value.main !== "string") return false;
  const texts = [...Object.values(value.files), ...Object.values(value.params ?? {})];
  const paths = Object.keys(value.files);
  const isSafe = paths.every(
    (path) => path !== "" && !path.split("/").some((part) => part === "" || /^\.+$/.test(part)),
  );
  return texts.every((text) => typeof text === "string") && paths.includes(value.main) && isSafe;
}
