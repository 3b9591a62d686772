/** What the test process can ask for: an entry for each operation, given the bench and the request's fields. */

/** @import { Bench } from "./bench.js" */
/** @import { Modifiers } from "./modifiers.js" */

import { writeFileSync } from "node:fs";
import { decode } from "../../bridge/values.js";
import { DEFAULT_ACCOUNT } from "../engine/accounts.js";
import { answerCall } from "../engine/binding.js";
import { parseDuration } from "../engine/duration.js";
import { WorkflowError } from "../engine/errors.js";
import { entries, EVENT_NAMES } from "../engine/events.js";
import { VERSION } from "../server/version.js";
import { deliverBatch, fetchFrom, fireSchedule } from "./handlers.js";
import { waitForEnd, waitForStatus, waitForStep } from "./waiting.js";

/** @type {Record<string, (bench: Bench, request: any) => unknown>} */
export const OPERATIONS = {
  hello: () => ({ version: VERSION, pid: process.pid }),
  open: (bench, { start }) => ({ engine: bench.open(start) }),
  close: (bench, { engine }) => bench.close(engine),

  deploy: (bench, { engine, deployment, workflows }) => bench.at(engine).engine.deploy(deployment, workflows),

  create: async (bench, { engine, workflow, ...options }) => {
    const at = bench.at(engine);
    const id = await at.engine.engine.creator.create(workflow, options);
    await bench.settle(at);
    return { id };
  },
  binding: async (bench, { engine, workflow, method, args }) => {
    const at = bench.at(engine);
    const call = { account: DEFAULT_ACCOUNT, workflow, method, args, caller: { worker: "a test" } };
    const text = await answerCall(at.engine.engine, call, () => {});
    await bench.settle(at);
    return { text: text ?? null };
  },
  command: async (bench, { engine, workflow, id, command, options }) => {
    const at = bench.at(engine);
    const { commands } = at.engine.engine;
    const run = COMMANDS[command];
    await run(commands, workflow, id, options);
    await bench.settle(at);
  },
  get: async (bench, { engine, workflow, id }) => {
    const at = bench.at(engine);
    await bench.settle(at);
    const { status, output, error, params } = await at.engine.engine.get(workflow, id);
    return { status, output, error: error === null ? null : JSON.parse(error), params };
  },
  list: async (bench, { engine, workflow }) => {
    const { rows } = await bench.at(engine).engine.engine.list({ workflow, limit: 10_000, offset: 0 });
    return rows.map((row) => ({ workflow: row.workflow, id: row.id, status: row.status })).toReversed();
  },
  describe: async (bench, { engine, workflow, id }) => {
    const at = bench.at(engine);
    const row = await at.engine.engine.get(workflow, id);
    const rows = await at.engine.engine.log(row.number);
    const output = await at.engine.engine.output(row.number);
    return {
      output: output.map(({ at: time, step, level, text }) => ({ at: time, step, level, text })),
      log: entries(rows).map(({ event, name, count, attempt, at: time, detail, value }) => ({
        event: EVENT_NAMES[event],
        name,
        count,
        attempt,
        at: time,
        detail: detail === null ? null : JSON.parse(detail),
        value,
      })),
    };
  },

  modify: (bench, { engine, workflow, id, ...change }) =>
    bench.at(engine).engine.modify(workflow, id, (modifiers) => applyChange(modifiers, change)),
  modifyNoMore: (bench, { engine, workflow }) => bench.at(engine).engine.modifyNoMore(workflow),

  waitForStatus: (bench, { engine, workflow, id, status }) => {
    const at = bench.at(engine);
    return bench.exclusive(() => waitForStatus({ ...at, workflow, id }, status));
  },
  waitForStep: (bench, { engine, workflow, id, step }) => {
    const at = bench.at(engine);
    return bench.exclusive(() => waitForStep({ ...at, workflow, id }, step));
  },

  waitForEnd: (bench, { engine, workflow, id }) => {
    const at = bench.at(engine);
    return bench.exclusive(() => waitForEnd({ ...at, workflow, id }));
  },
  dispose: async (bench, { engine, workflow, id, replay }) => {
    const at = bench.at(engine);
    if (replay) await bench.exclusive(() => at.engine.replayDisposed(workflow, id));
    if (await at.engine.engine.find(workflow, id)) await at.engine.engine.commands.delete(workflow, id);
    await bench.settle(at);
  },

  script: (bench, { engine, workflow, params, events, changes, crashes, order }) =>
    bench.script(bench.at(engine), {
      workflow,
      ...(params === undefined ? {} : { params }),
      events,
      changes: changes.map(
        (/** @type {any} */ change) => (/** @type {Modifiers} */ modifiers) => applyChange(modifiers, change),
      ),
      crashes,
      order,
    }),

  replay: (bench, { engine, id }) => bench.exclusive(() => bench.at(engine).engine.replayFinished(id)),
  exportRun: async (bench, { engine, workflow, id, path }) => {
    const at = bench.at(engine);
    await bench.settle(at);
    writeFileSync(path, await at.engine.exportRun(workflow, id));
  },
  replayFiles: (bench, { paths, deployment }) => bench.replayFiles(paths, deployment),

  fetch: (bench, { engine, deployment, request }) =>
    bench.handle(bench.at(engine), (deployments) => fetchFrom(deployments, deployment, request)),
  scheduled: (bench, { engine, deployment, event }) =>
    bench.handle(bench.at(engine), (deployments) => fireSchedule(deployments, deployment, event)),
  queue: (bench, { engine, deployment, batch }) =>
    bench.handle(bench.at(engine), (deployments) => deliverBatch(deployments, deployment, batch)),
  answer: (bench, { call, ...answer }) => bench.doubles.answer(call, answer),

  now: (bench) => ({ now: bench.clock.now() }),
  advance: (bench, { engine, duration }) => {
    const ms = parseDuration(duration);
    if (ms === undefined || ms < 0)
      throw new WorkflowError(
        "clock.invalid_duration",
        `${JSON.stringify(duration)} is not a duration. Give ms, or a text such as "3 days".`,
      );
    return bench.moveTo(bench.at(engine), bench.clock.now() + ms);
  },
  moveTo: (bench, { engine, time }) => bench.moveTo(bench.at(engine), time),
  jump: (bench, { engine, on }) => {
    bench.at(engine).time.jumps = on;
  },
  crash: async (bench, { engine }) => {
    const at = bench.at(engine);
    at.engine.crash();
    await bench.settle(at);
  },
};

/** @type {Record<string, (commands: import("../engine/commands.js").Commands, workflow: string, id: string, options: any) => unknown>} */
const COMMANDS = {
  pause: (commands, workflow, id) => commands.pause(workflow, id),
  resume: (commands, workflow, id) => commands.resume(workflow, id),
  terminate: (commands, workflow, id, options) => commands.terminate(workflow, id, options),
  restart: (commands, workflow, id, { from }) => commands.restart(workflow, id, from ?? undefined),
  delete: (commands, workflow, id) => commands.delete(workflow, id),
  sendEvent: (commands, workflow, id, { type, payload }) => commands.sendEvent(workflow, id, type, payload),
};

/** @param {Modifiers} modifiers @param {any} change */
function applyChange(modifiers, { method, step, steps, value, stream, error, times, type, payload }) {
  if (method === "disableSleeps") modifiers.skip("sleep", steps);
  else if (method === "disableRetryDelays") modifiers.skip("do", steps);
  else if (method === "mockStepResult")
    modifiers.mockResult(step, stream === undefined ? { value } : { stream: decode(stream) });
  else if (method === "mockStepError") modifiers.mockError(step, error, times);
  else if (method === "forceStepTimeout") modifiers.forceTimeout(step, times);
  else if (method === "mockEvent") modifiers.mockEvent(type, payload);
  else if (method === "forceEventTimeout") modifiers.forceEventTimeout(step);
  else throw new Error(`There is no modifier ${method}`);
}
