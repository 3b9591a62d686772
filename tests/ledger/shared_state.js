/** Several engines on one ledger in memory, with one manual clock. */

import { AttachedLedger } from "../../js/ledger/attached_ledger.js";
import { PARTS, partOf, partOfQueue } from "../../js/ledger/parts.js";
import { SharedEngine } from "../../js/ledger/shared_engine.js";
import { cron } from "../../js/server/cron.js";
import { Queues } from "../../js/server/queues/queues.js";
import { ManualClock } from "../../conformance/manual_clock.js";
import { FakeGuest } from "../engine/fake_guest.js";
import { MemoryDatabase, MemoryLedger } from "./memory_ledger.js";

/** @import { Ledger } from "../../js/ledger/ledger.d.ts" */
/** @import { NewWorkflow } from "../../js/store/store.d.ts" */
/** @import { Run } from "../engine/fake_guest.js" */

const WORKFLOW = {
  name: "flow",
  className: "Flow",
  root: ".",
  main: "f.py",
  vars: "{}",
  versionId: "v1",
  stepLimit: null,
};
const LEASE_MS = 10_000;

/** @typedef {{ name: string, engine: SharedEngine, attached: AttachedLedger, guest: FakeGuest, guestFor: () => Promise<FakeGuest>, queues: Queues, fenced: string[], versionId: string, newer: string[], problems: unknown[], end: () => void }} Member */

export class SharedState {
  clock = new ManualClock();
  database = new MemoryDatabase({ now: () => this.clock.now() });
  /** @type {Member[]} */
  members = [];
  #ids = 0;
  /** Refuses params, as code that says what it takes does. @type {NonNullable<import("../../js/engine/engine.js").EngineOptions["checkPayload"]>} */
  checkPayload = () => {};
  /** Resolves when the database has nothing to do. */
  idle = async () => {};

  /** @param {(name: string) => Run} runOf what an engine's guest runs @param {Partial<NewWorkflow>} [settings] @param {() => Ledger} [newLedger] */
  constructor(runOf, settings = {}, newLedger) {
    this.runOf = runOf;
    this.settings = settings;
    this.newLedger = newLedger ?? (() => new MemoryLedger(this.database));
  }

  /** An engine joins. @param {string} name @param {{ idle?: boolean, versionId?: string }} [options] */
  async join(name, { idle = false, versionId = "v1" } = {}) {
    const { clock } = this;
    const attaching = AttachedLedger.attach(this.newLedger(), {
      clock,
      name,
      leaseMs: LEASE_MS,
      shares: true,
      idle,
      onheld: () => true,
    });
    const attached = await this.answer(attaching);
    const guest = new FakeGuest(this.runOf(name));
    /** @type {unknown[]} */
    const problems = [];
    /** @type {string[]} */
    const fenced = [];
    /** @type {string[]} */
    const newer = [];
    const engine = new SharedEngine(
      {
        clock,
        cron,
        newId: () => `generated-${++this.#ids}`,
        defer: setImmediate,
        guestFor: () => member.guestFor(),
        checkPayload: (workflow, params) => this.checkPayload(workflow, params),
        onproblem: ({ error }) => problems.push(error),
        keepParked: 0,
        idle,
        versionOf: () => member.versionId,
        onnewer: (workflow) => void newer.push(workflow),
      },
      attached,
    );
    const end = () => {
      attached.fence("ended");
      engine.commits.abandon();
      engine.close();
    };
    attached.handlers = {
      onfenced(reason) {
        fenced.push(reason);
        engine.commits.abandon();
        engine.close();
      },
      onfailure: (error) => problems.push(error),
      onhold() {},
    };
    const queues = new Queues({
      store: attached.store.queues,
      commits: engine.commits,
      clock,
      newId: () => `message-${++this.#ids}`,
      shared: engine.queues,
    });
    const member = {
      name,
      engine,
      attached,
      guest,
      guestFor: async () => guest,
      versionId,
      newer,
      queues,
      fenced,
      problems,
      end,
    };
    engine.open();
    await this.save({ engine }, versionId);
    this.members.push(member);
    return member;
  }

  /** An engine registers the workflow. @param {Pick<Member, "engine">} member @param {string} [versionId] */
  async save({ engine }, versionId = "v1") {
    await engine.saveWorkflow({ ...WORKFLOW, versionId, ...this.settings });
  }

  /** The engine is gone, and with it its connection. @param {Member} member */
  kill(member) {
    member.end();
    /** @type {any} */ (this.database.engines.get(member.attached.member.id)).connected = false;
    this.members = this.members.filter((each) => each !== member);
  }

  /** Ids of instances, of each of which another engine holds the part. @param {number} count @returns {string[][]} by member */
  idsOf(count) {
    const ids = this.members.map(() => /** @type {string[]} */ ([]));
    for (let n = 0; ids.some((each) => each.length < count) && n < 10_000; n++) {
      const holder = this.database.holders[partOf("flow", `i${n}`)];
      const place = this.members.findIndex(({ attached }) => attached.member.id === holder);
      if (place >= 0 && ids[place].length < count) ids[place].push(`i${n}`);
    }
    return ids;
  }

  /** A queue whose part a member holds. @param {Pick<Member, "attached">} member @param {string} [prefix] of its name */
  queueOf({ attached }, prefix = "q") {
    for (let n = 0; ; n++) {
      const queue = `${prefix}${n}`;
      if (this.database.holders[partOfQueue(queue)] === attached.member.id) return queue;
    }
  }

  /** How many parts each living engine holds. */
  shares() {
    return this.members.map(
      ({ attached }) => this.database.holders.filter((holder) => holder === attached.member.id).length,
    );
  }

  async settle() {
    for (let i = 0; i < 12; i++) {
      await this.idle();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** @param {number} ms */
  async pass(ms) {
    await this.settle();
    await this.clock.moveTo(this.clock.now() + ms, () => this.settle());
    await this.settle();
  }

  /** What a request comes to, while time passes. @template T @param {Promise<T>} promise @returns {Promise<T>} */
  async answer(promise) {
    const waiting = { isOver: false };
    const end = () => {
      waiting.isOver = true;
    };
    promise.then(end, end);
    for (let tries = 0; !waiting.isOver && tries < 400; tries++) await this.pass(100);
    return await promise;
  }

  close() {
    for (const member of this.members.splice(0)) member.end();
  }
}

/**
 * A state that so many engines share equally.
 *
 * @param {(name: string) => Run} runOf
 * @param {number} engines
 * @param {Partial<NewWorkflow>} [settings]
 */
export async function shared(runOf, engines, settings) {
  const state = new SharedState(runOf, settings);
  for (let n = 1; n <= engines; n++) await state.join(`engine ${n}`);
  for (let tries = 0; tries < 20 && state.shares().some((share) => share > Math.ceil(PARTS / engines)); tries++)
    await state.pass(1000);
  await state.pass(1000);
  return state;
}
