/**
 * Measures the REST API: `node rest.js [--instances N] [--rate N] [--seconds N]`.
 *
 * Instances are created at a fixed rate, whatever the answers take: a creation's time counts from when it was due. Pages are
 * read from a state with many instances. In the same run stand the floors: an echo by a bare HTTP server, before each
 * measurement and with the same client, and a bare query of a page.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    instances: { type: "string", default: "1000000" },
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "60" },
  },
});
const [instances, rate, seconds] = [Number(values.instances), Number(values.rate), Number(values.seconds)];
const PAGE = 25;
const READS = 200;
/** s */
const COLD = 5;
const WORKFLOW = "/client/v4/accounts/bench/workflows/bench/instances";

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const folder = mkdtempSync(join(tmpdir(), "stepwell-rest-"));
const server = spawn(
  process.execPath,
  [join(import.meta.dirname, "rest_server.js"), join(folder, "state.sqlite"), String(instances)],
  {
    stdio: ["pipe", "pipe", "inherit"],
  },
);
try {
  const [line] = /** @type {[string]} */ (await once(createInterface({ input: server.stdout }), "line"));
  const { url, echo, bareMs } = JSON.parse(line);
  const body = JSON.stringify({ params: { name: "Ada" } });
  report("echo, one after the other", await inTurn(() => ask(echo, "POST", body)));
  report("page 1", await inTurn(() => ask(`${url}${WORKFLOW}`)));
  const deep = Buffer.from(JSON.stringify([Math.max(PAGE, instances - 10_000 * PAGE)])).toString("base64url");
  report("page 10,000 by cursor", await inTurn(() => ask(`${url}${WORKFLOW}?cursor=${deep}`)));
  process.stdout.write(`${"bare query of a page".padEnd(40)} median ${bareMs.toFixed(2)} ms\n`);
  report(`echo, ${rate} a second`, await atRate(5, () => ask(echo, "POST", body)));
  const created = await atRate(seconds, () => ask(`${url}${WORKFLOW}`, "POST", body));
  report(`create, ${rate} a second for ${seconds} s`, created);
  // A server that has just started compiles what it runs, and a second's delay of that is 1,000 late answers.
  report(`the same after the first ${COLD} s`, created.slice(COLD * rate));
} finally {
  agent.destroy();
  server.stdin.end();
  await once(server, "exit");
  rmSync(folder, { recursive: true });
}

/** @param {string} url @param {string} [method] @param {string} [body] @returns {Promise<void>} */
function ask(url, method = "GET", body) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent }, (response) => {
      response
        .resume()
        .on("end", () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`${url}: ${response.statusCode}`)),
        );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** @param {() => Promise<void>} run @returns {Promise<number[]>} times in ms */
async function inTurn(run) {
  const times = [];
  for (let i = 0; i < READS; i += 1) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times;
}

/** @param {number} duration in seconds @param {() => Promise<void>} run @returns {Promise<number[]>} times in ms */
async function atRate(duration, run) {
  const start = performance.now();
  const count = rate * duration;
  /** @type {Promise<number>[]} */
  const times = [];
  while (times.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - start) * rate) / 1000));
    while (times.length < due) {
      const at = start + (times.length * 1000) / rate;
      times.push(run().then(() => performance.now() - at));
    }
    await sleep(1);
  }
  return Promise.all(times);
}

/** @param {string} what @param {number[]} times */
function report(what, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
  process.stdout.write(`${what.padEnd(40)} median ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ms (${sorted.length})\n`);
}

/** @param {import("node:events").EventEmitter} emitter @param {string} event @returns {Promise<unknown[]>} */
function once(emitter, event) {
  return new Promise((resolve) => void emitter.once(event, (...args) => resolve(args)));
}
