/**
 * Looks at run files: `node runs.js describe FILE`, `compare FILE OTHER`, `extract FILE FOLDER`, `rewrite FILE COPY`, `unpack FILE STATE`,
 * `replay FILE [RUNTIME] [MAIN]`. RUNTIME is JSON: the runtime that runs the code, by default that of the main file.
 *
 * Whoever starts it kills it at a time limit: the file may have been made to take for ever. Only `replay` runs its code.
 *
 * Prints one line of JSON. Exit code 3 and `{"error": …}` where a file cannot be used.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { compareRuns } from "../engine/comparison.js";
import { instanceDetail } from "../engine/detail.js";
import { WorkflowError } from "../engine/errors.js";
import { SLEEP_START, STEP_START, WAIT_START } from "../engine/events.js";
import { replay } from "../engine/replay.js";
import { RunFileError } from "../store/run_file.js";
import { nodeClock } from "./clock.js";
import { DeploymentLoader } from "./deployment_loader.js";
import { toExactPlain } from "../engine/plain.js";
import { endWithParent } from "./parent_watch.js";
import { extractSources, openRunFile, rewriteRunFile, unpackRunFile } from "./run_files.js";

const EXIT_FILE = 3;
/** Which step an entry begins. @type {Record<number, string>} */
const KINDS = { [STEP_START]: "do", [SLEEP_START]: "sleep", [WAIT_START]: "waitForEvent" };

/** @type {Record<string, (path: string, other: string, third: string) => unknown>} */
const COMMANDS = { describe, compare, extract, rewrite, unpack, replay: replayFile };

endWithParent();
const [command, path, other, third] = process.argv.slice(2);
try {
  process.stdout.write(`${JSON.stringify(await COMMANDS[command](path, other, third))}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: toAnswer(error) })}\n`);
  process.exitCode = EXIT_FILE;
}

/**
 * An error as Python reads it. What goes wrong otherwise goes wrong because of the file: its rows have been checked one by
 * one, but not what they say together.
 *
 * @param {any} error
 */
function toAnswer(error) {
  const { name, code, reason, message, traceback } = error;
  if (error instanceof RunFileError) return { code, message };
  // A module that cannot be imported comes with its traceback.
  const known = reason !== undefined || traceback !== undefined;
  if (known) return { code: reason ?? code ?? "deployment.import_failed", message, traceback };
  if (command === "replay") return { code: "replay.failed", message: `The code cannot be replayed: ${message}` };
  return { code: "run.corrupt", message: `its contents do not fit together (${name}: ${message})` };
}

/** @param {string} file */
function describe(file) {
  const opened = openRunFile(file);
  const { run, store } = opened;
  const { sources, exportedAt, number, ...rest } = run;
  const workflow = /** @type {import("../store/store.d.ts").WorkflowRow} */ (store.loadWorkflow(run.workflow));
  return {
    ...rest,
    exported_at: new Date(exportedAt).toISOString(),
    sources: sources.map((source) => source.path),
    class_name: workflow.className,
    step_limit: workflow.stepLimit,
    vars: toExactPlain(workflow.vars),
    bindings: workflow.bindings && JSON.parse(workflow.bindings),
    steps: store
      .loadLog(number)
      .flatMap(({ event, name, count }) => (KINDS[event] ? [{ type: KINDS[event], name, count }] : [])),
    detail: detailOf(opened),
  };
}

/** @param {ReturnType<typeof openRunFile>} opened */
function detailOf({ run: { number }, store }) {
  const row = /** @type {import("../store/store.d.ts").InstanceRow} */ (store.loadInstanceByNumber(number));
  return instanceDetail(row, store.loadLog(number), store.loadOutput(number), toExactPlain);
}

/** @param {string} left @param {string} right */
function compare(left, right) {
  return compareRuns(detailOf(openRunFile(left)), detailOf(openRunFile(right)));
}

/** @param {string} file @param {string} folder */
function extract(file, folder) {
  return { main: extractSources(openRunFile(file).run, folder) };
}

/** @param {string} file @param {string} state */
function unpack(file, state) {
  unpackRunFile(file, state);
  return {};
}

/** @param {string} file @param {string} copy */
function rewrite(file, copy) {
  rewriteRunFile(file, copy);
  return {};
}

/**
 * @param {string} file
 * @param {string} [runtime] JSON
 * @param {string} [main] of other code than the run's own
 */
async function replayFile(file, runtime, main) {
  const { run, store } = openRunFile(file);
  const folder = mkdtempSync(join(tmpdir(), "stepwell-replay-"));
  const deployments = new DeploymentLoader(join(folder, "state.sqlite"), {
    print: (text) => process.stderr.write(`${text}\n`),
  });
  try {
    const code = main === undefined ? extractSources(run, folder) : resolve(main);
    const workflow = /** @type {import("../store/store.d.ts").WorkflowRow} */ (store.loadWorkflow(run.workflow));
    const { guest, classes } = await deployments.load({
      root: main === undefined ? folder : dirname(code),
      main: code,
      vars: JSON.parse(workflow.vars),
      varsText: workflow.vars,
      bindings: workflow.bindings === null ? null : JSON.parse(workflow.bindings),
      runtime: runtime === undefined ? null : JSON.parse(runtime),
    });
    if (!classes.includes(workflow.className)) {
      throw new WorkflowError(
        "deployment.no_class",
        `${code} has no class ${workflow.className}. Found: ${classes.join(", ")}.`,
      );
    }
    const { output, ...replayed } = await replay({ store, number: run.number, guest, clock: nodeClock });
    return { ...replayed, ...(output === undefined ? {} : { output: toExactPlain(output) }) };
  } finally {
    await deployments.dispose();
    rmSync(folder, { recursive: true });
  }
}
