/**
 * The host process: `node main.js --state PATH [--idle] [--force-replay] [--warm JSON] [--bindings] [--patience MS] [--standby]
 * [--rejoins]`.
 *
 * Standard input is the socket of the control channel (`control.js`). Its first message is `ready` or `error`; `waiting` comes
 * before that while an engine elsewhere holds the state, `away` while its database does not answer. When the other end closes, the
 * host exits as soon as no subscriber is left.
 *
 * If another process owns the state, the host exits when that owner replies, or when the patience is over.
 *
 * With an address in `STEPWELL_LEDGER` the truth is in PostgreSQL, and PATH is a file by which the processes of this user on this
 * machine find the one that serves the address. With --standby it waits without end while an engine elsewhere holds the state, and for
 * a database that has answered once: --rejoins says that it has.
 */

import { parseArgs } from "node:util";
import { haveThreadsEnded } from "../../runtime/pool/node_thread.js";
import { ControlChannel } from "./control.js";
import "./heap.js";
import { takeLedgerAddress } from "./ledger_address.js";
import { takeOwnership } from "./owner.js";

const EXIT_STATE = 3;
const EXIT_INTERNAL = 70;

const { values } = parseArgs({
  options: {
    state: { type: "string" },
    idle: { type: "boolean", default: false },
    "force-replay": { type: "boolean", default: false },
    transport: { type: "string" },
    warm: { type: "string", default: "" },
    bindings: { type: "boolean", default: false },
    patience: { type: "string", default: "0" },
    standby: { type: "boolean", default: false },
    rejoins: { type: "boolean", default: false },
  },
});

// Ctrl-C at a terminal reaches the whole process group. The parent decides what it means, and closes the channel.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});

// The process that has started this one may have exited while others still follow their instances.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

const control = new ControlChannel();
// While something is waited for, nothing is lost by an exit.
/** @type {() => void} */
let onParentGone = () => process.exit(EXIT_STATE);
void control.ended.then(() => onParentGone());

/** The signal that has stopped the host. @type {string | undefined} */
let signal;

const ledgerAddress = takeLedgerAddress();

try {
  const ownership = await takeOwnership(values.state ?? ".stepwell/state.sqlite", Number(values.patience));
  // What carries out bindings and the interpreter take longest to start. They start while the rest is loaded.
  if (values.bindings) (await import("../bindings/bindings_process.js")).standBy();
  if (values.warm) {
    const [{ prewarm }, { Sources }] = await Promise.all([import("./prewarm.js"), import("./sources.js")]);
    await prewarm(JSON.parse(values.warm), new Sources());
  }
  const ledger = ledgerAddress === undefined ? undefined : await attachLedger(ledgerAddress, ownership);
  const { Host } = await import("./host.js");
  const { VERSION } = await import("./version.js");
  const parentGone = new Promise((resolve) => {
    onParentGone = () => resolve(undefined);
  });
  const host = new Host({
    ownership,
    ...(ledger ? { ledger } : {}),
    idle: values.idle,
    forceReplay: values["force-replay"],
    ...(values.transport === "js" ? { transport: /** @type {const} */ ("js") } : {}),
    report: (line) => process.stderr.write(`${line}\n`),
    ondebugging: (on) => void control.send({ debugger: on }),
    onfatal: (fatal) => void control.send({ fatal }),
    async onstopped(code) {
      // The other process need not wait for Node, which takes a while to end.
      const sent = control.send({ left: { signal } });
      if (await haveThreadsEnded()) process.exit(code);
      // All is committed and closed.
      await sent;
      process.kill(process.pid, "SIGKILL");
    },
  });
  process.on("SIGTERM", () => {
    signal = "SIGTERM";
    void host.stop();
  });
  await host.open();
  void parentGone.then(() => host.parentGone());
  void control.send({ ready: { ...host.address, pid: process.pid, version: VERSION } });
} catch (error) {
  const { code, message, owner, stack } = /** @type {any} */ (error);
  const known = typeof code === "string" && code.startsWith("state.");
  void control.send({
    error: { code: known ? code : "internal", message: known ? message : String(stack ?? error), owner },
  });
  process.exit(known ? EXIT_STATE : EXIT_INTERNAL);
}

/** @param {string} address @param {import("./owner.js").StateOwnership} ownership */
async function attachLedger(address, ownership) {
  const { openLedgerState } = await import("./ledger_state.js");
  try {
    return await openLedgerState(address, {
      patienceMs: values.standby ? Infinity : Number(values.patience),
      idle: values.idle,
      rejoins: values.rejoins,
      onwaiting: (holder, isShared) => void control.send({ waiting: { holder, is_shared: isShared } }),
      onaway: (reason) => void control.send({ away: { reason } }),
    });
  } catch (error) {
    ownership.release();
    throw error;
  }
}
