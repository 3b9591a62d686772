/** The clock's timers while the wall clock jumps: virtual time, in which each source moves as the test says. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SteadyClock, SystemClock } from "../../js/server/clock.js";

const START = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;

/** Machine time that the test moves: the wall clock may jump, timers go by the steady one, as Node's do. */
class Machine {
  steadyMs = 0;
  wallMs = START;
  /** @type {Set<{ at: number, run: () => void }>} */
  timers = new Set();
  /** Those that a process stays alive for. */
  kept = new Set();

  source = {
    wall: () => this.wallMs,
    steady: () => this.steadyMs,
    after: (/** @type {() => void} */ run, /** @type {number} */ ms) => {
      const timer = { at: this.steadyMs + Math.max(1, ms), run };
      this.timers.add(timer);
      this.kept.add(timer);
      return () => {
        this.timers.delete(timer);
        this.kept.delete(timer);
      };
    },
    look: (/** @type {() => void} */ run, /** @type {number} */ ms) => {
      const timer = { at: this.steadyMs + ms, run };
      this.timers.add(timer);
      this.kept.add(timer);
      return (/** @type {boolean} */ keepsProcess) =>
        void (keepsProcess ? this.kept.add(timer) : this.kept.delete(timer));
    },
  };

  /** @param {number} ms */
  pass(ms) {
    const end = this.steadyMs + ms;
    for (;;) {
      const [next] = [...this.timers].toSorted((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.#moveTo(next.at);
      this.timers.delete(next);
      this.kept.delete(next);
      next.run();
    }
    this.#moveTo(end);
  }

  /** @param {number} at */
  #moveTo(at) {
    this.wallMs += at - this.steadyMs;
    this.steadyMs = at;
  }
}

/** @param {(machine: Machine) => void} jump @param {"at" | "atWall"} set @returns {number} after how much steady time it rang */
function ranAfter(jump, set, ms = 90_000) {
  const machine = new Machine();
  const clock = new SystemClock(machine.source);
  let rang = -1;
  clock[set](START + ms, () => (rang = machine.steadyMs));
  machine.pass(20_000);
  jump(machine);
  machine.pass(3 * HOUR);
  return rang;
}

test("without a jump a timer rings at its time", () => {
  assert.equal(
    ranAfter(() => {}, "at"),
    90_000,
  );
});

test("a jump forward over its time lets a timer ring within ten seconds", () => {
  const rang = ranAfter((machine) => (machine.wallMs += HOUR), "at");

  assert.ok(rang >= 20_000 && rang <= 30_001, String(rang));
});

test("what a jump has passed rings in the order of its times", () => {
  const machine = new Machine();
  const clock = new SystemClock(machine.source);
  /** @type {number[]} */
  const rang = [];
  for (const minutes of [9, 3, 6]) clock.at(START + minutes * 60_000, () => rang.push(minutes));
  machine.wallMs += HOUR;
  machine.pass(30_000);

  assert.deepEqual(rang, [3, 6, 9]);
});

test("a machine that was suspended lets a timer ring within ten seconds of its return", () => {
  // Neither timers nor the steady clock go on meanwhile.
  const rang = ranAfter((machine) => (machine.wallMs += 12 * HOUR), "at", 6 * HOUR);

  assert.ok(rang >= 20_000 && rang <= 30_001, String(rang));
});

test("a sleep does not become longer when the clock is set back", () => {
  assert.equal(
    ranAfter((machine) => (machine.wallMs -= HOUR), "at"),
    90_000,
  );
});

test("a short sleep that begins after the clock was set back is as long as it says", () => {
  const machine = new Machine();
  const clock = new SystemClock(machine.source);
  clock.now();
  machine.wallMs -= HOUR;
  let rang = false;
  clock.at(clock.now() + 5000, () => (rang = true));
  machine.pass(5000);

  assert.equal(rang, true);
});

test("the engine's time never goes back, and follows the wall clock again once that has caught up", () => {
  const machine = new Machine();
  const clock = new SystemClock(machine.source);
  machine.wallMs -= HOUR;
  const after = clock.now();
  machine.wallMs += HOUR;

  assert.equal(after, START);
  assert.equal(clock.now(), machine.wallMs);
});

test("what means a time of day waits for it when the clock is set back", () => {
  assert.equal(
    ranAfter((machine) => (machine.wallMs -= HOUR), "atWall"),
    HOUR + 90_000,
  );
});

test("what means a time of day that a jump has passed comes within ten seconds", () => {
  const rang = ranAfter((machine) => (machine.wallMs += HOUR), "atWall");

  assert.ok(rang >= 20_000 && rang <= 30_001, String(rang));
});

test("the process is kept for a timer that is due in an hour, until it has rung", () => {
  const machine = new Machine();
  const clock = new SystemClock(machine.source);
  clock.at(START + HOUR, () => {})();
  clock.at(START + HOUR, () => {});

  assert.equal(machine.kept.size, 1);
  machine.pass(HOUR - 1);
  assert.equal(machine.kept.size, 1);
  machine.pass(1);
  assert.equal(machine.kept.size, 0);
});

test("a timer that has rung too early, and is far again after a jump back, can be taken back", () => {
  const machine = new Machine();
  const clock = new SystemClock(machine.source);
  let rang = 0;
  const cancel = clock.atWall(START + 5000, () => (rang += 1));
  machine.wallMs -= HOUR;
  machine.pass(5000);
  cancel();
  machine.pass(2 * HOUR);

  assert.equal(rang, 0);
  assert.equal(machine.kept.size, 0);
});

test("nothing keeps the process once no timer is set", () => {
  const machine = new Machine();
  const clock = new SystemClock(machine.source);
  clock.at(START + HOUR, () => {})();
  const ring = clock.at(START + 1000, () => {});
  ring();

  assert.equal(machine.kept.size, 0);
});

test("steps that follow each other share one look at the clock", () => {
  const machine = new Machine();
  const clock = new SystemClock(machine.source);

  for (let step = 0; step < 100; step++) clock.at(START + HOUR, () => {})();

  assert.equal(machine.timers.size, 1);
});

test("a timer that is taken back does not ring, after a jump either", () => {
  const machine = new Machine();
  const clock = new SystemClock(machine.source);
  let rang = 0;
  const cancel = clock.at(START + HOUR, () => (rang += 1));
  clock.at(START + 2 * HOUR, () => (rang += 10));
  cancel();
  machine.wallMs += 3 * HOUR;
  machine.pass(HOUR);

  assert.equal(rang, 10);
});

test("what is measured for a lease takes as long as it does, whatever the wall clock is set back by", () => {
  const machine = new Machine();
  const clock = new SteadyClock(machine.source);
  const began = clock.now();
  machine.pass(500);
  // As little as the engine's time would follow it.
  machine.wallMs -= 900;
  machine.pass(500);
  assert.equal(clock.now() - began, 1000);
  machine.wallMs -= HOUR;
  machine.pass(500);

  assert.equal(clock.now() - began, 1500);
});

test("the time in which a machine slept is measured for a lease", () => {
  const machine = new Machine();
  const clock = new SteadyClock(machine.source);
  const began = clock.now();
  machine.wallMs += HOUR;

  assert.equal(clock.now() - began, HOUR);
});

test("a renewal comes in time, whatever the wall clock is set to", () => {
  for (const jump of [HOUR, -HOUR, 900, -900]) {
    const machine = new Machine();
    const clock = new SteadyClock(machine.source);
    let rang = -1;
    clock.at(clock.now() + 2000, () => (rang = machine.steadyMs));
    machine.pass(1000);
    machine.wallMs += jump;
    machine.pass(HOUR);

    assert.equal(rang, 2000, String(jump));
  }
});
