/** One-file runs in a page: instances written to a file, and files that are looked at, replayed, compared and forked. */

/** @import { ForkOptions, OpenedRun, RunAddress } from "../host.d.ts" */
/** @import { Driver } from "../../store/driver.d.ts" */
/** @import { InstanceRow } from "../../store/store.d.ts" */
/** @import { WasmFiles } from "../../store/wasm_driver.js" */
/** @import { Source } from "../../store/project.js" */
/** @import { Engine } from "../../engine/engine.js" */

import { encode } from "../../../bridge/values.js";
import { compareRuns } from "../../engine/comparison.js";
import { instanceDetail, publicError } from "../../engine/detail.js";
import { WorkflowError } from "../../engine/errors.js";
import { Feed } from "../../engine/feed.js";
import { toPlain } from "../../engine/plain.js";
import { replay } from "../../engine/replay.js";
import { nodeClock } from "../../server/clock.js";
import { openRun, writeRun } from "../../store/run_file.js";
import { APPLICATION_ID } from "../../store/schema.js";
import { SqliteStore } from "../../store/sqlite.js";
import { guestOf } from "./deployments.js";

/** @typedef {{ store: SqliteStore, number: number, source: Source, close: () => void }} Run */

/**
 * What of the page's own state runs are made of, and become.
 *
 * @typedef {object} Own
 * @property {Engine} engine
 * @property {SqliteStore} store
 * @property {Driver} state
 * @property {(row: InstanceRow) => Source | null} sourceOf
 * @property {(files: Record<string, string>, main: string) => Promise<unknown>} deploy
 * @property {() => Promise<Record<string, string>>} versions
 */

export class Runs {
  #files;
  #own;
  /** By key. @type {Map<string, Run>} */
  #opened = new Map();
  #lastKey = 0;

  /** @param {WasmFiles} files @param {Own} own */
  constructor(files, own) {
    this.#files = files;
    this.#own = own;
  }

  /** @param {string} workflow @param {string} id */
  async export(workflow, id) {
    const { engine, state, sourceOf, versions } = this.#own;
    const contents = { versions: await versions(), exportedAt: nodeClock.now() };
    const row = await engine.get(workflow, id);
    const source = sourceOf(row);
    if (!source) throw new WorkflowError("deployment.not_found", `The files that instance '${id}' ran with are gone.`);
    const sources = Object.entries(source.files).map(([path, content]) => {
      return { path, encoding: /** @type {const} */ ("utf8"), content };
    });
    const file = this.#files.scratch();
    try {
      writeRun(state, row.number, file, { ...contents, sources, main: source.main });
      return { name: `${id}.run.sqlite`, bytes: this.#files.bytesOf(file) };
    } finally {
      file.close();
    }
  }

  /** @param {Uint8Array} bytes @returns {Promise<OpenedRun>} */
  async open(bytes) {
    if (isState(bytes)) throw new WorkflowError("run.state", "It is a state, not the file of one run.");
    const state = this.#files.scratch();
    try {
      const file = this.#files.read(bytes);
      try {
        const { number, workflow, id, main, versions, sources } = openRun(file, state);
        const files = Object.fromEntries(
          sources.map(({ path, encoding, content }) => [path, toText(encoding, content)]),
        );
        const store = new SqliteStore(state);
        this.#lastKey += 1;
        const key = `run ${this.#lastKey}`;
        const run = { store, number, source: { files, main }, close: () => store.close() };
        this.#opened.set(key, run);
        const detail = /** @type {import("../host.d.ts").InstanceDetail} */ (detailOf(run));
        return { key, workflow, id, detail, events: await eventsOf(run), files, main, versions };
      } finally {
        file.close();
      }
    } catch (error) {
      state.close();
      throw error;
    }
  }

  /** @param {string} key */
  close(key) {
    this.#opened.get(key)?.close();
    this.#opened.delete(key);
  }

  /** @param {RunAddress} left @param {RunAddress} right */
  async compare(left, right) {
    return compareRuns(detailOf(await this.#find(left)), detailOf(await this.#find(right)));
  }

  /**
   * Run the code of a run, or other code, against its history: no callback runs, and nothing is written.
   *
   * @param {RunAddress} address
   * @param {Source} [project] other code than its own
   */
  async replay(address, project) {
    const { store, number, source } = await this.#find(address);
    const { files, main } = project ?? source;
    if (main === "")
      throw new WorkflowError("deployment.not_found", "The code of the run is not kept any more. Replay other code.");
    const guest = guestOf({ files, main });
    try {
      await guest.load();
      const { output, error, ...rest } = await replay({ store, number, guest, clock: nodeClock });
      return {
        ...rest,
        ...(output === undefined ? {} : { output: toPlain(output) }),
        ...(error === undefined ? {} : { error: publicError(error) }),
      };
    } catch (error) {
      const { wire, message, traceback } = /** @type {any} */ (error);
      if (wire === undefined) throw error;
      throw Object.assign(new WorkflowError("deployment.import_failed", message), { traceback });
    } finally {
      await guest.dispose();
    }
  }

  /** @param {RunAddress} address @param {ForkOptions} [options] */
  async fork(address, { from, project, results = {}, params, id } = {}) {
    const { engine, deploy } = this.#own;
    const { store, number, source } = await this.#find(address);
    const { workflow } = /** @type {InstanceRow} */ (store.loadInstanceByNumber(number));
    const code = project ?? ("key" in address ? source : undefined);
    if (code) await deploy(code.files, code.main);
    const made = await engine.creator.fork(
      workflow,
      { store, number },
      {
        ...(id === undefined ? {} : { id }),
        ...(from === undefined ? {} : { from }),
        ...(params === undefined ? {} : { params: encode(params, "params") }),
        results: Object.fromEntries(Object.entries(results).map(([step, value]) => [step, encode(value, step)])),
      },
    );
    return { workflow, id: made };
  }

  /** @param {RunAddress} address @returns {Promise<Run>} */
  async #find(address) {
    if ("key" in address) {
      const run = this.#opened.get(address.key);
      if (!run) throw new WorkflowError("run.not_found", "That run is not open any more. Open its file again.");
      return run;
    }
    const { engine, store, sourceOf } = this.#own;
    const row = await engine.get(address.workflow, address.id);
    return { store, number: row.number, source: sourceOf(row) ?? { files: {}, main: "" }, close: () => {} };
  }
}

/** @param {Run} run */
function detailOf({ store, number }) {
  const row = /** @type {InstanceRow} */ (store.loadInstanceByNumber(number));
  return instanceDetail(row, store.loadLog(number), store.loadOutput(number), toPlain);
}

/** All events of a run's instance. @param {Run} run */
async function eventsOf({ store, number }) {
  const row = /** @type {InstanceRow} */ (store.loadInstanceByNumber(number));
  /** @type {import("../../engine/subscription.js").InstanceReader} */
  const reader = {
    get: async () => row,
    log: async () => store.loadLog(number),
    additions: async () => ({
      exists: true,
      log: store.loadLog(number),
      more: false,
      result: row.output,
      output: store.loadOutput(number),
    }),
    watch: () => () => {},
  };
  return (await new Feed(reader, row, { cursor: 0, filter: undefined }).read()).lines;
}

/** @param {string} encoding @param {string} content */
function toText(encoding, content) {
  if (encoding === "utf8") return content;
  return new TextDecoder().decode(Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0)));
}

/** Whether a file is a whole state: SQLite's header has the number of the application. @param {Uint8Array} bytes */
function isState({ buffer, byteOffset, length }) {
  return length >= 100 && new DataView(buffer, byteOffset).getUint32(68) === APPLICATION_ID;
}
