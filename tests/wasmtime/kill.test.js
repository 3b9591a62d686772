/** The host process of the sandboxed interpreters is killed from outside. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { useEngine } from "../guest/real.js";
import { openSandbox } from "./guest.js";

const guest = openSandbox("killed.py");
const real = useEngine(guest);

/** Kill the process as soon as *wanted* is printed. @param {string} workflow @param {string} id @param {string} wanted */
async function killAt(workflow, id, wanted) {
  const { number } = await real.engine.get(workflow, id);
  const printed = async () => JSON.stringify(await real.engine.output(number)).includes(wanted);
  while (!(await printed())) await new Promise((resolve) => setTimeout(resolve, 5));
  const { passes, pid } = guest.stats();
  assert.ok(passes > 0, "it runs still");
  process.kill(/** @type {number} */ (pid), "SIGKILL");
}

/** @param {any} detail */
const outcomes = ({ steps }) =>
  steps.map((/** @type {any} */ { name, attempts }) => [
    name,
    ...attempts.map((/** @type {any} */ each) => each.success),
  ]);

it("interrupts the attempt that ran, and nothing else; what was queued goes on", async () => {
  const id = await real.engine.creator.create("Killed", { params: '{"limit":3}' });
  const besides = await real.engine.creator.create("Besides", { params: "{}" });
  await killAt("Killed", id, "spins now");
  const later = await real.engine.creator.create("Besides", { params: "{}" });

  const killed = await real.end("Killed", id);

  assert.equal(killed.output, "again");
  assert.deepEqual(outcomes(killed)[0], ["before-1", true]);
  assert.equal(outcomes(killed)[1].at(-1), true);
  assert.equal((await real.end("Besides", besides)).output, "done");
  assert.equal((await real.end("Besides", later)).output, "done");
  assert.deepEqual(real.problems, []);
});

it("does not run an attempt again that may run only once", async () => {
  const id = await real.engine.creator.create("Killed", { params: '{"limit":0}' });
  await killAt("Killed", id, "spins now");

  const killed = await real.end("Killed", id);

  assert.equal(killed.status, "errored");
  assert.deepEqual(outcomes(killed), [
    ["before-1", true],
    ["spins-1", false],
  ]);
});

it("says what each attempt has used of processor time and memory", async () => {
  const id = await real.engine.creator.create("Grows", { params: "{}" });

  const { steps } = await real.end("Grows", id);

  const [small, large] = steps.map((/** @type {any} */ { attempts }) => attempts[0]);
  assert.ok(small.cpuMs > 0 && large.cpuMs > 0);
  assert.ok(large.memoryBytes >= 8 << 20 && large.memoryBytes < 12 << 20, `${large.memoryBytes}`);
  assert.ok(small.memoryBytes >= 0 && small.memoryBytes < 2 << 20, `${small.memoryBytes}`);
});
