/** The real engine on a database in memory, with the real guest: what both are to each other. */

import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { after, before } from "node:test";
import { instanceDetail } from "../../js/engine/detail.js";
import { Engine } from "../../js/engine/engine.js";
import { isFinalStatus } from "../../js/engine/status.js";
import { nodeClock } from "../../js/server/clock.js";
import { toPlain } from "../../js/engine/plain.js";
import { SqliteStore } from "../../js/store/sqlite.js";
import { openGuest } from "./guest.js";

/** @import { Guest } from "../../bridge/protocol.d.ts" */

/** @import { Status } from "../../js/store/store.d.ts" */

/**
 * An engine for all tests of a file or `describe`; each class of the file is a workflow of that name.
 *
 * @param {string | LoadedGuest} guest a file in `flows/`, or what runs another one
 * @param {import("./guest.js").Options} [options]
 */
export function useEngine(guest, options) {
  const real = new RealEngine(typeof guest === "string" ? openGuest(guest, options) : guest);
  before(() => real.open());
  after(() => real.close());
  return real;
}

/** @typedef {Guest & { load(): Promise<{ classes: string[] }> }} LoadedGuest */

export class RealEngine {
  /** @type {unknown[]} */
  problems = [];

  /**
   * @param {LoadedGuest} guest
   * @param {{ db?: import("../../js/store/driver.d.ts").Driver, clock?: import("../../js/engine/clock.d.ts").Clock, guestFor?: (main: string) => Promise<Guest> }} [options]
   */
  constructor(guest, { db = new DatabaseSync(":memory:"), clock = nodeClock, guestFor = async () => guest } = {}) {
    this.guest = guest;
    this.db = db;
    this.engine = new Engine({
      store: new SqliteStore(this.db),
      clock,
      newId: randomUUID,
      defer: setImmediate,
      guestFor: ({ main }) => guestFor(main),
      onproblem: (problem) => this.problems.push(problem),
    });
  }

  async open() {
    const { classes } = await this.guest.load();
    for (const name of classes) {
      const workflow = { name, className: name, root: ".", main: "f.py", vars: "{}", versionId: "v1" };
      await this.engine.saveWorkflow({ ...workflow, stepLimit: null });
    }
  }

  async close() {
    this.engine.close();
    await this.guest.dispose();
  }

  /**
   * Run an instance to its end.
   *
   * @param {string} workflow
   * @param {unknown} [params]
   */
  async run(workflow, params = {}) {
    const id = await this.engine.creator.create(workflow, { params: JSON.stringify(params) });
    return await this.end(workflow, id);
  }

  /** @param {string} workflow @param {string} id */
  async end(workflow, id) {
    await this.until(workflow, id, isFinalStatus);
    return this.detail(workflow, id);
  }

  /** @param {string} workflow @param {string} id */
  async detail(workflow, id) {
    const row = await this.engine.get(workflow, id);
    return instanceDetail(row, await this.engine.log(row.number), await this.engine.output(row.number), toPlain);
  }

  /** Rejects if it ends before. @param {string} workflow @param {string} id @param {(status: Status) => boolean} isWanted */
  async until(workflow, id, isWanted) {
    const { number } = await this.engine.get(workflow, id);
    /** @type {() => void} */
    let wake = () => {};
    const stop = this.engine.watch(number, () => wake());
    try {
      for (;;) {
        const changed = new Promise((resolve) => (wake = () => resolve(undefined)));
        const { status } = await this.engine.get(workflow, id);
        if (isWanted(status)) return;
        if (isFinalStatus(status)) throw new Error(`It ended: ${JSON.stringify(await this.detail(workflow, id))}`);
        await changed;
      }
    } finally {
      stop();
    }
  }
}
