/**
 * Looks at run files: `node runs.js describe FILE`, `compare FILE OTHER`, `extract FILE FOLDER`, `replay FILE [MAIN]`.
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
import { extractSources, openRunFile } from "./run_files.js";

const EXIT_FILE = 3;
const EXIT_INTERNAL = 70;
/** Which step an entry begins. @type {Record<number, string>} */
const KINDS = { [STEP_START]: "do", [SLEEP_START]: "sleep", [WAIT_START]: "waitForEvent" };

/** @type {Record<string, (path: string, other: string) => unknown>} */
const COMMANDS = { describe, compare, extract, replay: replayFile };

const [command, path, other] = process.argv.slice(2);
try {
  process.stdout.write(`${JSON.stringify(await COMMANDS[command](path, other))}\n`);
} catch (error) {
  const { code, reason, message, traceback, stack } = /** @type {any} */ (error);
  // A module that cannot be imported comes with its traceback.
  const known = error instanceof RunFileError || error instanceof WorkflowError || traceback !== undefined;
  const said = { code: known ? (reason ?? code ?? "deployment.import_failed") : "internal", traceback };
  process.stdout.write(
    `${JSON.stringify({ error: { ...said, message: known ? message : String(stack ?? error) } })}\n`,
  );
  process.exitCode = known ? EXIT_FILE : EXIT_INTERNAL;
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
    vars: JSON.parse(workflow.vars),
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

/** @param {string} file @param {string} [main] of other code than the run's own */
async function replayFile(file, main) {
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
      bindings: workflow.bindings === null ? null : JSON.parse(workflow.bindings),
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
