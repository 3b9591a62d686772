/**
 * The test kit's host: `node main.js FD [WARM]`. One for each process that runs tests.
 *
 * FD is a socket to that process; WARM is JSON, `{ main, runtime }`, of the deployment whose interpreter is needed first. Requests and
 * replies are JSON objects, a line each: `{ number, op, ... }` is answered by `{ number, result }` or `{ number, error }`. Calls of the
 * test's own objects go the other way, `{ call, ... }`, and are answered by the operation `answer`. When the other end closes, the
 * host exits.
 */

import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { haveThreadsEnded } from "../../runtime/pool/node_thread.js";
import { prewarm } from "../server/prewarm.js";
import { Sources } from "../server/sources.js";
import { guestOptions } from "./guest_options.js";

// Ctrl-C at a terminal reaches the whole process group. The test process decides what it means, and closes the socket.
process.on("SIGINT", () => {});

const [, , fd, warm] = process.argv;
const options = guestOptions();
// The interpreter takes longest to start. It starts while the rest is loaded.
// A deployment that cannot be run is refused when it is deployed.
if (warm !== undefined) await prewarm(JSON.parse(warm), new Sources(), options).catch(() => {});
const { Bench } = await import("./bench.js");
const { OPERATIONS } = await import("./operations.js");
const { HandlerError } = await import("../worker/errors.js");

const socket = new Socket({ fd: Number(fd), readable: true, writable: true });
const bench = new Bench({
  guestOptions: options,
  report: (line) => process.stderr.write(`${line}\n`),
  call: (call) => socket.write(`${JSON.stringify(call)}\n`),
});

createInterface({ input: socket, crlfDelay: Infinity }).on("line", (line) => void answer(JSON.parse(line)));
socket.on("close", () => void end());
socket.on("end", () => void end());

/** Ends after the interpreters: those that are processes write what they have measured, such as coverage. */
async function end() {
  await bench.dispose();
  if (await haveThreadsEnded()) process.exit();
  process.kill(process.pid, "SIGKILL");
}

/** @param {{ number: number, op: string }} request */
async function answer({ number, op, ...request }) {
  /** @type {object} */
  let reply;
  try {
    const run = OPERATIONS[op];
    if (!run) throw new Error(`There is no operation ${op}`);
    reply = { number, result: (await run(bench, request)) ?? null };
  } catch (error) {
    reply = { number, error: described(/** @type {any} */ (error)) };
  }
  socket.write(`${JSON.stringify(reply)}\n`);
}

/** @param {any} error */
function described(error) {
  const { name, message, reason, traceback, stack } = error ?? {};
  const known =
    error instanceof HandlerError ||
    reason !== undefined ||
    traceback !== undefined ||
    name === "WaitError" ||
    name === "ModifierError";
  return {
    name,
    message: known ? message : String(stack ?? error),
    reason: reason ?? null,
    traceback: traceback ?? null,
  };
}
