/** The end of a turn in a page's worker: after the messages that are there, without the delay that timers have. */

const { port1, port2 } = new MessageChannel();
/** @type {(() => void)[]} */
let waiting = [];

port1.addEventListener("message", () => {
  const run = waiting;
  waiting = [];
  for (const each of run) each();
});
port1.start();

/** @param {() => void} run */
export function soon(run) {
  if (waiting.push(run) === 1) port2.postMessage(null);
}
