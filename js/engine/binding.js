/**
 * A binding (`env.MY_WORKFLOW`): what workflows ask of other workflows, carried out by the engine.
 *
 * Answers are canonical text, and are given once what they tell of is durable.
 */

/** @import { FromGuest } from "../../bridge/protocol.d.ts" */
/** @import { Commands } from "./commands.js" */
/** @import { Creator } from "./creator.js" */
/** @import { InstanceReader } from "./subscription.js" */

import { checkOptions } from "../../bridge/options.js";
import { workflowKey } from "./accounts.js";
import { canonical, toText } from "./canonical.js";
import { instanceStatus } from "./detail.js";
import { WorkflowError } from "./errors.js";
import { Subscription, subscriptionOptions } from "./subscription.js";

/** Number of the trigger "binding". */
const BINDING = 1;

/**
 * @typedef {Pick<Extract<FromGuest, { type: "call" }>, "workflow" | "method" | "args"> & { account: string, caller: InstanceName | WorkerName, traceparent?: string | undefined }} BindingCall what the guest asks,
 *   of which account it is, and whose code asks
 * @typedef {{ workflow: string, id: string }} InstanceName
 * @typedef {{ worker: string }} WorkerName a Worker, whose handler asks
 *
 * @typedef {object} CodeChange what an instance's code changes
 * @property {InstanceName | WorkerName} caller
 * @property {string} action as REST's audit log names it
 * @property {string} workflow
 * @property {string | undefined} instance
 * @property {object} detail
 *
 * @typedef {<T>(change: CodeChange, carryOut: () => Promise<T>) => Promise<T>} RecordChange
 * @typedef {InstanceReader & { creator: Creator, commands: Commands, recordChange: RecordChange }} BindingEngine the part of
 *   the engine that calls need
 */
/** @typedef {(cancel: () => void) => void} OnClose hands over the function that ends the call early, when its caller has gone */

/**
 * @param {BindingEngine} engine
 * @param {BindingCall} call
 * @param {OnClose} onclose
 * @returns {Promise<string | undefined>} what the method gives, as canonical text
 * @throws {WorkflowError | import("../../bridge/options.js").OptionError}
 */
export async function answerCall(engine, { account, workflow, method, args, caller, traceparent }, onclose) {
  const run = METHODS[method];
  if (!run) throw new WorkflowError("body.invalid", `A workflow has no method ${method}`);
  const key = workflowKey(account, workflow);
  const carryOut = () => run(engine, key, args, onclose, traceparent);
  const action = RECORDED[method];
  const answer = await (action === undefined
    ? carryOut()
    : engine.recordChange({ caller, action, workflow: key, ...targetOf(args) }, carryOut));
  return answer === undefined ? undefined : toText(answer);
}

/** Methods whose calls are recorded, with the action that REST records for the same change. @type {Record<string, string>} */
const RECORDED = {
  pause: "instance.pause",
  resume: "instance.resume",
  terminate: "instance.terminate",
  restart: "instance.restart",
  delete: "instance.delete",
  deleteBatch: "instances.delete",
};

/** @param {any} args as the code has sent them */
function targetOf({ id, ...detail }) {
  return { instance: typeof id === "string" ? id : undefined, detail };
}

/** @type {Record<string, (engine: BindingEngine, workflow: string, args: any, onclose: OnClose, traceparent?: string) => Promise<unknown>>} */
const METHODS = {
  create: async (engine, workflow, options, _onclose, traceparent) => {
    checkCreate("create()", options);
    return { id: await engine.creator.create(workflow, { ...options, trigger: BINDING, traceparent }) };
  },
  createBatch: (engine, workflow, { batch }, _onclose, traceparent) => {
    checkBatch(batch);
    return engine.creator.createBatch(workflow, batch, BINDING, traceparent);
  },
  deleteBatch: (engine, workflow, { ids }) => engine.commands.deleteBatch(workflow, ids),
  get: async (engine, workflow, { id }) => ({ id: (await engine.get(workflow, id)).id }),
  status: async (engine, workflow, { id }) => {
    const row = await engine.get(workflow, id);
    return instanceStatus(row, await engine.log(row.number), shown);
  },
  pause: (engine, workflow, { id }) => engine.commands.pause(workflow, id),
  resume: (engine, workflow, { id }) => engine.commands.resume(workflow, id),
  terminate: (engine, workflow, { id, ...options }) => {
    checkOptions("terminate()", options, ["rollback"]);
    return engine.commands.terminate(workflow, id, { rollback: options.rollback === true, trigger: BINDING });
  },
  restart: (engine, workflow, { id, ...options }) => {
    checkOptions("restart()", options, ["from"]);
    if (options.from !== undefined) checkOptions("from of restart()", options.from, ["name", "count", "type"]);
    return engine.commands.restart(workflow, id, options.from);
  },
  delete: (engine, workflow, { id }) => engine.commands.delete(workflow, id),
  sendEvent: async (engine, workflow, { id, ...options }) => {
    checkOptions("sendEvent()", options, ["type", "payload"]);
    const { type, payload } = options;
    await engine.commands.sendEvent(workflow, id, type, payload ?? '{"$":"undefined"}');
  },
  subscribe: nextEvents,
};

const CREATE = ["id", "params", "retention", "locationHint"];

/** @param {string} what @param {any} options */
function checkCreate(what, options) {
  checkOptions(what, options, CREATE);
  if (options.retention !== undefined) {
    checkOptions(`retention of ${what}`, options.retention, ["successRetention", "errorRetention"]);
  }
}

/** What is wrong with the batch as a whole is the engine's to say. @param {any} batch */
function checkBatch(batch) {
  if (typeof batch !== "object" || batch === null) return;
  const list = Array.isArray(batch) ? batch : batch.instances;
  if (!Array.isArray(batch)) {
    const shared = Object.fromEntries(Object.entries(batch).filter(([key]) => key !== "count" && key !== "instances"));
    checkOptions("createBatch()", shared, ["count", "instances", ...CREATE]);
  }
  if (Array.isArray(list)) for (const [i, each] of list.entries()) checkCreate(`createBatch()[${i}]`, each);
}

/**
 * A stored value as another workflow is shown it. The chunks of a byte stream are its own instance's: others see what people
 * see.
 *
 * @param {string} text
 */
function shown(text) {
  return text.startsWith('{"$":"stream"') ? JSON.parse(text).v.preview : canonical(text);
}

/**
 * The events after the cursor, as soon as there are any.
 *
 * @param {BindingEngine} engine
 * @param {string} workflow
 * @param {{ id: string, options?: object }} args
 * @param {OnClose} onclose
 */
async function nextEvents(engine, workflow, { id, options }, onclose) {
  const row = await engine.get(workflow, id);
  const subscription = new Subscription(engine, row, subscriptionOptions(options), shown);
  /** @type {() => void} */
  let wake = () => {};
  let closed = false;
  const unwatch = engine.watch(row.number, () => wake());
  onclose(() => {
    closed = true;
    unwatch();
    wake();
  });
  try {
    for (;;) {
      const added = new Promise((resolve) => (wake = () => resolve(undefined)));
      const { events, done, more } = await subscription.read();
      if (events.length > 0 || done || closed) {
        const { cursor, progress } = subscription;
        return { events, done, cursor, ...(progress === undefined ? {} : { progress }) };
      }
      if (!more) await added;
    }
  } finally {
    unwatch();
  }
}
