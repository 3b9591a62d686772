import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { useGuest } from "../guest.js";

describe("output", () => {
  const { engine, loaded } = useGuest("output.py");

  /** @param {string} name @returns {Promise<any[]>} */
  async function logsOf(name) {
    const run = engine.start(name);
    await run.output;
    return run.logs;
  }

  test("prints, logging and warnings carry their level, and the step they come from", async () => {
    const logs = await logsOf("Levels");

    assert.deepEqual(
      logs.map(({ level, ref, text }) => [level, ref, text.split("\n")[0]]),
      [
        ["stdout", undefined, "out"],
        ["stderr", undefined, "err"],
        ["info", undefined, "info 1"],
        ["warning", undefined, "careful"],
        ["error", undefined, "failed"],
        ["warning", undefined, logs[5].text],
        ["stdout", 1, "inside"],
        ["error", 1, "wrong"],
      ],
    );
    assert.match(logs[4].text, /ValueError: bad$/);
    assert.match(logs[5].text, /output\.py:\d+: RuntimeWarning: odd$/);
  });

  test("logging.basicConfig of the user's has its effect", async () => {
    const logs = await logsOf("Configured");

    assert.deepEqual(
      logs.map(({ level, text }) => [level, text]),
      [["debug", "DEBUG|shown"]],
    );
  });

  test("steps that take turns keep their output apart", async () => {
    const logs = await logsOf("Interleaved");

    const of = (/** @type {number | undefined} */ ref) =>
      logs.filter((log) => log.ref === ref).flatMap(({ text }) => text.split("\n"));
    assert.deepEqual(of(1), ["a0", "a1", "a2"]);
    assert.deepEqual(of(2), ["b0", "b1", "b2"]);
    assert.deepEqual(of(undefined), ["helper"]);
  });

  test("what was printed before a message leaves before it", async () => {
    const run = engine.start("Order");

    await run.output;
    assert.deepEqual(
      run.messages.map(({ type, text }) => text ?? type),
      ["before", "do", "inside", "done", "after", "end"],
    );
  });

  test("a flood is cut off, with one line that says how much", async () => {
    const logs = await logsOf("Flood");

    const [kept, note, calm] = [logs[0], logs.at(-2), logs.at(-1)];
    assert.ok(kept.text.length <= 1 << 20);
    assert.match(note.text, /^[\d,]+ characters of output were dropped: one turn may write 1,048,576\.$/);
    assert.equal(calm.text, "calm again");
  });

  test("what a task of the user's raises and nobody looks at is logged", async () => {
    const [log] = await logsOf("Uncaught");

    assert.equal(log.level, "error");
    assert.match(log.text, /ValueError: nobody looks$/);
  });

  test("a SystemExit in a task of the user's is the task's outcome", async () => {
    assert.equal(await engine.run("Leaving"), "SystemExit('bye')");
  });

  test("pieces of a line are put together", async () => {
    assert.deepEqual(
      (await logsOf("Partial")).map(({ text }) => text),
      ["0 1 2 "],
    );
  });

  test("console and file descriptors are output, too", async () => {
    const logs = await logsOf("PastPython");

    assert.deepEqual(
      logs.map(({ level, text }) => [level, text]),
      [
        ["warning", "from the console 1"],
        ["stdout", "straight to the descriptor"],
      ],
    );
  });

  test("there is no input", async () => {
    assert.equal(await engine.run("Input"), "no input");
  });

  test("a step that computes shows what it prints before it ends", async () => {
    const logs = await logsOf("Progress");

    assert.ok(logs.length >= 2, `${logs.length} messages`);
    assert.equal(logs.map(({ text }) => text).join("\n"), "line 0\nline 1\nline 2\nline 3\nline 4");
  });

  test("what modules write while they are imported comes with the classes", () => {
    assert.deepEqual(loaded().output, [{ level: "stdout", text: "printed while the module was imported\n" }]);
  });
});
