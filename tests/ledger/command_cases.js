/** What is asked of engines that share a state, and what it comes to: each command, as it is carried out and as it is refused. */

import { Feed } from "../../js/engine/feed.js";

/** @import { SharedEngine } from "../../js/ledger/shared_engine.js" */
/** @import { Member, SharedState } from "./shared_state.js" */

/** @typedef {{ state: SharedState, engine: SharedEngine, owner: Member, ids: string[], elsewhere: string[], id: string, number: number }} Scene `engine`: the one that is asked; `ids`: those of the owner, of which the first is there; `elsewhere`: those of the other engine */
/** @typedef {(scene: Scene) => unknown} Act */
/**
 * @typedef {object} Case
 * @property {string} name
 * @property {Act} [ready] what the owner does first; the instance sleeps without it
 * @property {Act} act
 * @property {unknown} [gives]
 * @property {string} [refused] the reason
 * @property {string} [writes] what a log has afterwards
 * @property {Record<string, number>} counts of instances by status, afterwards
 */

const BYTES = '{"$":"bytes","v":"AAE="}';

/** @type {Act} */
const waits = ({ owner, id }) => owner.engine.commands.skipSleep("flow", id);
/** @type {Act} */
const pauses = ({ owner, id }) => owner.engine.commands.pause("flow", id);
/** @type {Act} */
const completes = async (scene) => {
  await waits(scene);
  await scene.owner.engine.commands.sendEvent("flow", scene.id, "go", '"early"');
};
/** An instance whose first step runs on, and has printed, reported and streamed. @type {Act} */
const reports = async ({ owner, id, state }) => {
  await owner.engine.commands.delete("flow", id);
  await owner.engine.creator.create("flow", { id, params: '{"stays":true}' });
  await state.settle();
  const pass = Math.max(...owner.guest.passes.keys());
  owner.guest.onmessages([
    { type: "log", pass, ref: 1, level: "info", text: "printed" },
    { type: "progress", pass, ref: 8, step: 1, attempt: 1, value: '"half"' },
    { type: "writeChunk", pass, ref: 9, step: 1, attempt: 1, index: 0, value: BYTES },
  ]);
};

/** @param {Scene} scene */
const numberNow = async ({ engine, id }) => (await engine.get("flow", id)).number;

/** What a follower reads until it has waited for a second and nothing has come. @type {Act} */
async function follows({ state, engine, id }) {
  const row = await engine.get("flow", id);
  const feed = new Feed(engine, row, { cursor: 0, filter: undefined, progress: 0 });
  let isNew = true;
  const unwatch = engine.watch(row.number, () => (isNew = true));
  const lines = [];
  await engine.commands.sendEvent("flow", id, "go", '"followed"');
  for (const from = state.clock.now(); state.clock.now() < from + 1000; await passed(state, 100)) {
    if (isNew) lines.push(...(await feed.read()).lines);
    isNew = false;
  }
  unwatch();
  return lines.map(({ type }) => type);
}

/** @param {SharedState} state @param {number} ms */
function passed({ clock }, ms) {
  return new Promise((resolve) => clock.at(clock.now() + ms, () => resolve(undefined)));
}

/** @type {Case[]} */
export const CASES = [
  {
    name: "create",
    act: ({ engine, ids }) =>
      engine.creator.create("flow", { id: ids[1], params: '{"a":1}', retention: { successRetention: "1 day" } }),
    counts: { waiting: 2 },
  },
  {
    name: "create under an id that is taken",
    act: ({ engine, id }) => engine.creator.create("flow", { id }),
    refused: "instance.already_exists",
    counts: { waiting: 1 },
  },
  {
    name: "create with params that are no value",
    act: ({ engine, ids }) => engine.creator.create("flow", { id: ids[1], params: "{" }),
    refused: "body.invalid",
    counts: { waiting: 1 },
  },
  {
    name: "create a batch",
    act: ({ engine, ids, id }) =>
      engine.creator.createBatch("flow", { instances: [{ id: ids[1] }, { id }, { id: ids[2] }, { id: ids[1] }] }),
    counts: { waiting: 3 },
  },
  {
    name: "create a batch, as a list",
    act: ({ engine, ids, id }) => engine.creator.createBatch("flow", [{ id: ids[1] }, { id }]),
    counts: { waiting: 2 },
  },
  {
    name: "create a batch of which each engine runs a part",
    act: ({ engine, ids, elsewhere, id }) =>
      engine.creator.createBatch(
        "flow",
        [elsewhere[0], ids[1], id, elsewhere[1], ids[2]].map((each) => ({ id: each })),
      ),
    counts: { waiting: 5 },
  },
  {
    name: "create a batch of which each engine runs a part, and one has params that are refused",
    act: ({ engine, ids, elsewhere }) =>
      engine.creator.createBatch("flow", [{ id: elsewhere[0] }, { id: ids[1] }, { id: ids[2], params: '"refused"' }]),
    refused: "instance.invalid_params",
    counts: { waiting: 1 },
  },
  {
    name: "create a batch that is refused",
    act: ({ engine, ids }) => engine.creator.createBatch("flow", [{ id: ids[1] }, { id: "no spaces" }]),
    refused: "instance.invalid_id",
    counts: { waiting: 1 },
  },
  { name: "get", act: ({ engine, id }) => engine.get("flow", id), counts: { waiting: 1 } },
  {
    name: "get what is not there",
    act: ({ engine, ids }) => engine.get("flow", ids[1]),
    refused: "instance.not_found",
    counts: { waiting: 1 },
  },
  {
    name: "get of an unknown workflow",
    act: ({ engine, id }) => engine.get("none", id),
    refused: "workflow.not_found",
    counts: { waiting: 1 },
  },
  {
    name: "find what is not there",
    act: ({ engine, ids }) => engine.find("flow", ids[1]),
    gives: undefined,
    counts: { waiting: 1 },
  },
  { name: "list", act: ({ engine }) => engine.list({ workflow: "flow", limit: 10 }), counts: { waiting: 1 } },
  {
    name: "count by status",
    act: ({ engine }) => engine.countByStatus("flow"),
    gives: { waiting: 1 },
    counts: { waiting: 1 },
  },
  {
    name: "send an event to a sleeper",
    act: ({ engine, id }) => engine.commands.sendEvent("flow", id, "go", '"x"'),
    counts: { waiting: 1 },
  },
  {
    name: "send an event that is waited for",
    ready: waits,
    act: ({ engine, id }) => engine.commands.sendEvent("flow", id, "go", '"x"'),
    counts: { complete: 1 },
  },
  {
    name: "send an event of a type that is not allowed",
    act: ({ engine, id }) => engine.commands.sendEvent("flow", id, "no spaces", '"x"'),
    refused: "workflow.invalid_event_type",
    counts: { waiting: 1 },
  },
  {
    name: "send an event without a type",
    act: ({ engine, id }) => engine.commands.sendEvent("flow", id, /** @type {any} */ (undefined), '"x"'),
    refused: "workflow.invalid_event_type",
    counts: { waiting: 1 },
  },
  {
    name: "send an event to a finished instance",
    ready: completes,
    act: ({ engine, id }) => engine.commands.sendEvent("flow", id, "go", '"late"'),
    refused: "instance.finished",
    counts: { complete: 1 },
  },
  {
    name: "pause",
    act: ({ engine, id }) => engine.commands.pause("flow", id),
    gives: undefined,
    counts: { paused: 1 },
  },
  {
    name: "pause twice",
    ready: pauses,
    act: ({ engine, id }) => engine.commands.pause("flow", id),
    gives: undefined,
    counts: { paused: 1 },
  },
  {
    name: "resume",
    ready: pauses,
    act: ({ engine, id }) => engine.commands.resume("flow", id),
    gives: undefined,
    counts: { waiting: 1 },
  },
  { name: "skip a sleep", act: ({ engine, id }) => engine.commands.skipSleep("flow", id), counts: { waiting: 1 } },
  {
    name: "skip a sleep by its name",
    act: ({ engine, id }) => engine.commands.skipSleep("flow", id, "nap-1"),
    counts: { waiting: 1 },
  },
  {
    name: "skip a sleep of an instance that does not sleep",
    ready: waits,
    act: ({ engine, id }) => engine.commands.skipSleep("flow", id),
    refused: "instance.not_sleeping",
    counts: { waiting: 1 },
  },
  {
    name: "let a wait time out",
    ready: waits,
    act: ({ engine, id }) => engine.commands.expireWait("flow", id, "wait-1"),
    counts: { errored: 1 },
  },
  { name: "terminate", act: ({ engine, id }) => engine.commands.terminate("flow", id), counts: { terminated: 1 } },
  {
    name: "terminate a paused instance",
    ready: pauses,
    act: ({ engine, id }) => engine.commands.terminate("flow", id),
    counts: { terminated: 1 },
  },
  {
    name: "terminate with rollback",
    act: ({ engine, id }) => engine.commands.terminate("flow", id, { rollback: true, trigger: 1 }),
    writes: '"released"',
    counts: { terminated: 1 },
  },
  {
    name: "terminate a finished instance",
    ready: completes,
    act: ({ engine, id }) => engine.commands.terminate("flow", id),
    refused: "instance.cannot_terminate",
    counts: { complete: 1 },
  },
  {
    name: "restart",
    ready: completes,
    act: ({ engine, id }) => engine.commands.restart("flow", id),
    counts: { waiting: 1 },
  },
  {
    name: "restart from a step",
    ready: completes,
    act: ({ engine, id }) => engine.commands.restart("flow", id, { name: "wait", type: "waitForEvent" }),
    counts: { waiting: 1 },
  },
  {
    name: "restart from a step by force",
    ready: reports,
    act: ({ engine, id }) => engine.commands.restart("flow", id, { name: "reserve" }, { force: true }),
    counts: { running: 1 },
  },
  {
    name: "restart from a step that there is not",
    act: ({ engine, id }) => engine.commands.restart("flow", id, { name: "none" }),
    refused: "instance.cannot_restart",
    counts: { waiting: 1 },
  },
  { name: "delete", act: ({ engine, id }) => engine.commands.delete("flow", id), gives: undefined, counts: {} },
  {
    name: "delete what is not there",
    act: ({ engine, ids }) => engine.commands.delete("flow", ids[1]),
    refused: "instance.not_found",
    counts: { waiting: 1 },
  },
  {
    name: "delete a batch",
    act: ({ engine, ids, id }) => engine.commands.deleteBatch("flow", [id, ids[1], id]),
    counts: {},
  },
  { name: "terminate all", act: ({ engine }) => engine.terminateAll("flow"), gives: true, counts: { terminated: 1 } },
  {
    name: "terminate all that are paused",
    ready: pauses,
    act: ({ engine }) => engine.terminateAll("flow", "paused"),
    gives: true,
    counts: { terminated: 1 },
  },
  { name: "delete all", act: ({ engine }) => engine.deleteInstances("flow"), gives: true, counts: {} },
  { name: "delete the workflow", act: ({ engine }) => engine.deleteWorkflow("flow"), gives: true, counts: {} },
  {
    name: "export the run",
    ready: completes,
    async act({ engine, number }) {
      const copy = await engine.copyOf(number);
      const { store } = copy;
      const [row, log] = [store.loadInstanceByNumber(number), store.loadLog(number)];
      copy.close();
      return { row, log };
    },
    counts: { complete: 1 },
  },
  {
    name: "export what is not there",
    act: ({ engine }) => engine.copyOf(1e9),
    refused: "instance.not_found",
    counts: { waiting: 1 },
  },
  {
    name: "fork from a step",
    ready: completes,
    act: ({ engine, number, ids }) =>
      engine.forkInstance("flow", number, {
        from: { name: "nap", type: "sleep" },
        results: { "reserve-1": '"seat 2"' },
        id: ids[1],
      }),
    counts: { complete: 1, waiting: 1 },
  },
  {
    name: "fork from a step that there is not",
    act: ({ engine, number, ids }) => engine.forkInstance("flow", number, { from: { name: "none" }, id: ids[1] }),
    refused: "instance.cannot_restart",
    counts: { waiting: 1 },
  },
  { name: "read the log", ready: completes, act: ({ engine, number }) => engine.log(number), counts: { complete: 1 } },
  {
    name: "read the rest of the log",
    ready: completes,
    act: async ({ engine, number }) => engine.log(number, 3),
    counts: { complete: 1 },
  },
  {
    name: "read what was printed",
    ready: reports,
    act: async (scene) => scene.engine.output(await numberNow(scene)),
    counts: { running: 1 },
  },
  {
    name: "read a chunk of a stream",
    ready: reports,
    act: async (scene) => scene.engine.chunk(await numberNow(scene), { name: "reserve", count: 1 }, 0),
    gives: BYTES,
    counts: { running: 1 },
  },
  {
    name: "read a chunk that there is not",
    ready: reports,
    act: async (scene) => scene.engine.chunk(await numberNow(scene), { name: "reserve", count: 1 }, 1),
    gives: undefined,
    counts: { running: 1 },
  },
  {
    name: "read what was added",
    ready: reports,
    act: async (scene) => scene.engine.additions(await numberNow(scene), { entry: 0, line: 0, item: 0 }),
    counts: { running: 1 },
  },
  {
    name: "follow an instance to its end",
    ready: waits,
    act: follows,
    counts: { complete: 1 },
  },
];
