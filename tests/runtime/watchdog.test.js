import assert from "node:assert/strict";
import { test } from "node:test";
import { Watchdog } from "../../runtime/pool/watchdog.js";

/** An isolate of code that cannot be interrupted, in which an attempt has timed out, and a clock for its watchdog. */
class Silent {
  now = 0;
  cpu = 0;
  /** @type {string[]} */
  givenUp = [];
  running = false;
  expired = [{ pass: 1, ref: 1, attempt: 1 }];

  constructor({ measured = true } = {}) {
    const control = { turn: 0, interruptChecks: 0, interruptsRaised: 0, interrupt() {}, clearInterrupt() {} };
    this.watchdog = new Watchdog(
      {
        control: /** @type {any} */ (control),
        ping() {},
        expired: () => this.expired,
        attempting: () => this.running,
        interruptible: false,
        ...(measured && { cpuTimeMs: async () => this.cpu }),
        giveUp: (culprit) => this.givenUp.push(culprit),
      },
      60_000,
      { now: () => this.now, every: (run) => ((this.tick = run), /** @type {any} */ (undefined)) },
    );
    this.watchdog.start();
    this.watchdog.ping();
  }

  /**
   * Let time pass, of which the isolate's thread gets a share.
   *
   * @param {number} ms
   * @param {number} share
   */
  async pass(ms, share) {
    for (const end = this.now + ms; this.now < end;) {
      this.now += 50;
      this.cpu += 50 * share;
      this.tick();
      await Promise.resolve().then(() => {});
    }
  }
}

test("an isolate that computes after the timeout of an attempt is given up at once", async () => {
  const silent = new Silent();

  await silent.pass(300, 1);

  assert.deepEqual(silent.givenUp.slice(0, 1), ["expired"]);
});

test("an isolate whose thread gets no processor is not taken for one that computes", async () => {
  const silent = new Silent();

  await silent.pass(4900, 0.005);
  silent.watchdog.pongReceived();
  await silent.pass(300, 1);

  assert.deepEqual(silent.givenUp, []);
});

test("an isolate that is silent without computing, inside one long operation, is given up after five seconds", async () => {
  const silent = new Silent();

  await silent.pass(4900, 0);
  assert.deepEqual(silent.givenUp, []);
  await silent.pass(200, 0);

  assert.equal(silent.givenUp[0], "expired");
});

test("where another attempt runs, an isolate has five seconds in any case", async () => {
  const silent = new Silent();
  silent.running = true;

  await silent.pass(4900, 1);
  assert.deepEqual(silent.givenUp, []);
  await silent.pass(200, 1);

  assert.equal(silent.givenUp[0], "expired");
});

test("where processor time cannot be measured, silence decides", async () => {
  const silent = new Silent({ measured: false });

  await silent.pass(100, 0);

  assert.equal(silent.givenUp[0], "expired");
});

/** One in which nothing has timed out: code outside steps keeps it. */
function importing(options = {}) {
  const silent = new Silent(options);
  silent.expired = [];
  return silent;
}

test("code outside steps may use so much processor time, however long that takes on a busy machine", async () => {
  const silent = importing();

  await silent.pass(200_000, 0.25);
  assert.deepEqual(silent.givenUp, []);
  await silent.pass(60_000, 0.25);

  assert.equal(silent.givenUp[0], "run");
});

test("code outside steps that waits has ten times the limit", async () => {
  const silent = importing();

  await silent.pass(590_000, 0);
  assert.deepEqual(silent.givenUp, []);
  await silent.pass(20_000, 0);

  assert.equal(silent.givenUp[0], "run");
});

test("where processor time cannot be measured, code outside steps has the limit by the clock", async () => {
  const silent = importing({ measured: false });

  await silent.pass(59_000, 1);
  assert.deepEqual(silent.givenUp, []);
  await silent.pass(2000, 0);

  assert.equal(silent.givenUp[0], "run");
});
