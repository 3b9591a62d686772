/** What an instance may use, and what becomes of one that uses more: its attempt, and nothing else. */

/** @import { Engine } from "../guest/engine.js" */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSandbox, useSandbox } from "./guest.js";

const MIB = 1 << 20;

/**
 * Run something bad beside something innocent.
 *
 * @param {Engine} engine
 * @param {string} name
 * @param {unknown} payload
 */
async function runBeside(engine, name, payload) {
  const innocent = engine.start("Innocent");
  const run = engine.start(name, { payload });
  /** @type {{ value?: unknown, error?: any }} */
  const outcome = await run.output.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  assert.equal(await innocent.output, "still here");
  return { run, ...outcome };
}

describe("limits", () => {
  const { engine, guest } = useSandbox("limits.py", {
    stepCpu: 300,
    runCpu: 300,
    passCpu: 20_000,
    maxOutput: 100_000,
  });

  for (const code of ["spin", "loop", "swallow", "power", "regex"]) {
    it(`processor time of a step: ${code}`, async () => {
      const { run } = await runBeside(engine, "InStep", { code });
      const failed = run.messages.find(({ type }) => type === "failed");
      assert.equal(failed.error.name, "CpuLimitExceeded");
      assert.match(failed.error.message, /The step has used more than 0\.3 s of processor time, which is its limit/);
      assert.ok(failed.usage.cpuMs >= 300, `${failed.usage.cpuMs}`);
      // The rest of the pass is lost, and the engine replays it.
      assert.deepEqual(run.lost.blamed, []);
    });
  }

  it("processor time outside of steps", async () => {
    const { error } = await runBeside(engine, "OutOfStep", { code: "loop" });
    assert.equal(error.wire.name, "CpuLimitExceeded");
    assert.match(error.message, /Code outside of steps has used more than 0\.3 s.*belongs in a step/);
  });

  it("output, with a word about it", async () => {
    const { run } = await runBeside(engine, "InStep", { code: "prints" });
    const written = run.logs.reduce((sum, { text }) => sum + text.length, 0);
    assert.ok(written < 200_000, `${written}`);
    const notices = run.logs.filter(({ level }) => level === "warning").map(({ text }) => text);
    assert.deepEqual(notices, ["More output was dropped: one run of the workflow may write 100,000 characters."]);
  });

  it("a step that sleeps past its timeout is cut, and only it", async () => {
    const run = engine.start("InStep", { payload: { code: "sleep" } });
    const { ref, attempt } = await run.next("do").then(({ ref }) => ({ ref, attempt: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const innocent = engine.start("Innocent");
    run.send({ type: "expired", ref, attempt });
    await assert.rejects(run.output, /went on after its timeout/);
    assert.deepEqual(run.lost.blamed, []);
    assert.equal(await innocent.output, "still here");
  });

  it("says what a step has used", async () => {
    const run = engine.start("Busy");
    const { wallMs } = await run.output;
    const [busy, idle] = run.messages.filter(({ type }) => type === "done").map(({ usage }) => usage.cpuMs);
    assert.ok(busy > 10 * idle, `busy: ${busy} ms, idle: ${idle} ms`);
    assert.ok(busy < wallMs + 20, `busy: ${busy} ms in ${wallMs} ms`);
  });

  for (const [name, text] of Object.entries({
    "what is no batch": "no batch",
    "what is no list": '{"type":"end"}',
    "a message of another pass": '[{"type":"end","pass":1,"value":1}]\nnull',
    "an attempt that it was never given": '[{"type":"done","pass":PASS,"ref":1,"attempt":7,"value":1}]\nnull',
    "a value that is none": '[{"type":"done","pass":PASS,"ref":1,"attempt":1,"value":1}]\n{"$":"nonsense"}',
    "a field that there is not": '[{"type":"end","pass":PASS,"value":1,"usage":{}}]\nnull',
  })) {
    it(`a guest that sends ${name} is not believed`, async () => {
      const run = engine.start("Liar", { payload: text });
      await assert.rejects(run.output, /It sent /);
      assert.deepEqual(run.lost.blamed, [1]);
      assert.equal(run.messages.filter(({ type }) => type === "end" || type === "done").length, 0);
    });
  }

  it("leave nothing behind", () => {
    assert.equal(guest.stats().passes, 0);
  });
});

it("a workflow that spins when it is imported", async () => {
  const guest = openSandbox("spins.py", { runCpu: 300 });
  await assert.rejects(guest.load(), /The import of the workflow has used more than 0\.3 s of processor time/);
  await guest.dispose();
});

// Without a limit of time: on a slow machine that would be reached first.
describe("limits of memory and of the stack", () => {
  const { engine } = useSandbox("limits.py", { memory: 96 * MIB, stepCpu: null, passCpu: null });

  for (const code of ["memory", "slow memory"]) {
    it(`memory: ${code}`, async () => {
      const { run, value } = await runBeside(engine, "InStep", { code });
      const failed = run.messages.find(({ type }) => type === "failed");
      assert.equal(failed.error.name, "MemoryError");
      assert.equal(value, 2);
    });
  }

  for (const code of ["recursion", "deep json"]) {
    it(`the stack: ${code}`, async () => {
      const { run, value } = await runBeside(engine, "InStep", { code });
      assert.equal(run.messages.find(({ type }) => type === "failed").error.name, "RecursionError");
      assert.equal(value, 2);
    });
  }

  it("an exit is an error of the step", async () => {
    const { run, value } = await runBeside(engine, "InStep", { code: "exit" });
    assert.equal(run.messages.find(({ type }) => type === "failed").error.name, "SystemExit");
    assert.equal(value, 2);
  });
});

describe("limits of a whole pass", () => {
  const { engine } = useSandbox("limits.py", { stepCpu: null, runCpu: null, passCpu: 300 });
  const { engine: timed } = useSandbox("limits.py", { passCpu: null, passWall: 1500 });

  it("processor time", async () => {
    await assert.rejects(engine.run("OutOfStep", { payload: { code: "loop" } }), {
      wire: {
        name: "CpuLimitExceeded",
        message: "This run of the workflow has used more than 0.3 s of processor time, which is its limit.",
      },
    });
  });

  it("time", async () => {
    await assert.rejects(timed.run("OutOfStep", { payload: { code: "sleep" } }), {
      wire: {
        name: "WallLimitExceeded",
        message: "This run of the workflow has used more than 1.5 s of time, which is its limit.",
      },
    });
  });
});
