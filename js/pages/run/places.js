/** Places in the user's files that tracebacks name. */

/** @import { Files, InstanceDetail } from "../run.d.ts" */
/** @typedef {{ file: string, line: number, column?: number | undefined, endLine?: number | undefined, endColumn?: number | undefined, name: string, message: string, severity?: "error" | "warning" }} Marked */

const FRAME = /^\s*File "([^"]+)", line (\d+)/;

/**
 * Which of the project's files a traceback means: it has them under the folder where the guest has mounted them.
 *
 * @param {string} path @param {Files} files
 */
export function projectFile(path, files) {
  const fits = Object.keys(files).filter((name) => path === name || path.endsWith(`/${name}`));
  return fits.sort((one, other) => other.length - one.length)[0];
}

/**
 * The lines of a traceback, each with the place in the project that it names.
 *
 * @param {string} traceback @param {Files} files
 * @returns {{ text: string, place?: { file: string, line: number } }[]}
 */
export function readTraceback(traceback, files) {
  return traceback
    .trimEnd()
    .split("\n")
    .map((text) => {
      const [, path, line] = FRAME.exec(text) ?? [];
      const file = path === undefined ? undefined : projectFile(path, files);
      return file === undefined ? { text } : { text, place: { file, line: Number(line) } };
    });
}

/**
 * The last places of the errors of an instance, for the editor's margin.
 *
 * @param {InstanceDetail | null} detail @param {Files} files
 * @returns {Marked[]}
 */
export function markedPlaces(detail, files) {
  /** @type {Map<string, Marked>} */
  const marked = new Map();
  for (const { fault, where, severity } of faults(detail)) {
    const place = readTraceback(fault.traceback ?? "", files).findLast((each) => each.place)?.place;
    if (!place) continue;
    marked.set(`${place.file}:${place.line}`, {
      ...place,
      name: `${where}: ${fault.name}`,
      message: fault.message,
      severity,
    });
  }
  return [...marked.values()];
}

/**
 * @param {InstanceDetail | null} detail
 * @returns {Generator<{ fault: import("../run.d.ts").Fault, where: string, severity: "error" | "warning" }>}
 */
function* faults(detail) {
  for (const step of detail?.steps ?? []) {
    if (step.type !== "step" && step.type !== "rollback") continue;
    const attempt = step.attempts.findLast(({ error }) => error !== null);
    const severity = step.success === false ? "error" : "warning";
    if (attempt?.error && step.success !== true) yield { fault: attempt.error, where: step.name, severity };
  }
  if (detail?.error) yield { fault: detail.error, where: "run", severity: /** @type {const} */ ("error") };
}
