/** All engines of this process, the clock that they share, and what their guests run. One for each test process. */

import { answerCall } from "../engine/binding.js";
import { isFinalStatus } from "../engine/status.js";
import { DeploymentLoader } from "../server/deployment_loader.js";
import { TestBindings } from "./bindings.js";
import { Doubles } from "./doubles.js";
import { replayFiles } from "./replays.js";
import { ScriptedRun } from "./scripted_run.js";
import { TestEngine } from "./test_engine.js";
import { Timekeeper } from "./timekeeper.js";
import { START_MS, VirtualClock } from "./virtual_clock.js";

/** An engine, and what moves its time. @typedef {{ engine: TestEngine, time: Timekeeper }} Place */

export class Bench {
  clock;
  #deployments;
  /** @type {Map<number, Place>} */
  #places = new Map();
  #lastEngine = 0;
  /** Who moves time comes one after the other. @type {Promise<unknown>} */
  #turn = Promise.resolve();
  /** Whether time is being moved. */
  #isMoving = false;
  #report;
  /** The test's own objects. */
  doubles;
  #bindings;

  /**
   * @param {object} options
   * @param {import("./guest_options.js").GuestOptions} options.guestOptions
   * @param {(line: string) => void} options.report takes lines for people
   * @param {(call: import("./doubles.js").DoubleCall) => void} options.call sends a call to the test process
   */
  constructor({ guestOptions, report, call }) {
    this.clock = new VirtualClock(guestOptions.clock);
    this.#report = report;
    this.doubles = new Doubles(call);
    this.#bindings = new TestBindings(report);
    this.#deployments = new DeploymentLoader("/", {
      print: report,
      ondebugging: (on) => this.doubles.hold(on),
      answerBinding: async (asked) => {
        if (asked.spec.type === "double") return await this.doubles.ask(asked);
        return await this.doubles.during(this.#bindings.answer(asked));
      },
      answerWorkflow: ({ worker, ...call }) =>
        answerCall(this.#engineOf(call.workflow).engine.engine, { ...call, caller: { worker } }, () => {}),
      guestOptions,
    });
  }

  /**
   * Open an engine.
   *
   * @param {number} [start] the time at which it begins, in ms since 1970; with other engines open it is theirs
   */
  open(start = START_MS) {
    if (this.#places.size === 0) this.clock.reset(start);
    const engine = new TestEngine({
      clock: this.clock,
      deployments: this.#deployments,
      doubles: this.doubles,
      onproblem: this.#report,
    });
    this.#lastEngine += 1;
    this.#places.set(this.#lastEngine, { engine, time: new Timekeeper(engine) });
    return this.#lastEngine;
  }

  /** @param {number} number */
  at(number) {
    const place = this.#places.get(number);
    if (!place) throw new Error("This engine has been closed.");
    return place;
  }

  /** The engine whose workflow a handler calls: the newest that has it. @param {string} workflow */
  #engineOf(workflow) {
    const newest = [...this.#places.values()].toReversed();
    return newest.find(({ engine }) => engine.has(workflow)) ?? this.at(this.#lastEngine);
  }

  /**
   * Close an engine. Gives what its test has left behind.
   *
   * @param {number} number
   */
  async close(number) {
    const { engine } = this.at(number);
    const { rows } = await engine.engine.list({ limit: 10_000, offset: 0 });
    const unfinished = rows.filter(({ status }) => !isFinalStatus(status));
    this.#places.delete(number);
    engine.close();
    if (this.#places.size === 0) this.#bindings.reset();
    return {
      unfinished: unfinished.map(({ workflow, id, status }) => ({ workflow, id, status })),
      unused: engine.unusedModifiers,
      findings: engine.findings,
    };
  }

  /** Let everything happen that needs no time to pass. @param {Place} place */
  async settle({ time }) {
    // A test's own object may ask for something while it answers a guest: the one that waits for it settles then.
    if (!this.#isMoving) await this.exclusive(() => time.settle());
  }

  /** @param {Place} place @param {number} until ms since 1970 */
  async moveTo({ time }, until) {
    await this.exclusive(() => time.moveTo(until));
  }

  /**
   * Call handlers of a project, and let everything happen that needs no time to pass.
   *
   * @template T
   * @param {Place} place
   * @param {(deployments: DeploymentLoader) => Promise<T>} call
   */
  async handle(place, call) {
    const result = await call(this.#deployments);
    await this.settle(place);
    return result;
  }

  /**
   * Run an instance by a script, on an engine of its own with the same workflows.
   *
   * @param {Place} place
   * @param {import("./scripted_run.js").Script} script
   */
  script({ engine: { deployed } }, script) {
    const { doubles } = this;
    const place = { memory: this.clock.buffer, deployments: this.#deployments, doubles, deployed };
    return this.exclusive(() => new ScriptedRun(script, place).report());
  }

  /**
   * Replay run files with the code of a deployment.
   *
   * @param {string[]} paths
   * @param {import("../server/deployment.js").Deployment} deployment
   */
  replayFiles(paths, deployment) {
    const place = { deployment, deployments: this.#deployments, memory: this.clock.buffer };
    return this.exclusive(() => replayFiles(paths, place));
  }

  /**
   * Run what moves time, when nothing else does.
   *
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  exclusive(run) {
    const result = this.#turn.then(async () => {
      this.#isMoving = true;
      try {
        return await run();
      } finally {
        this.#isMoving = false;
      }
    });
    this.#turn = result.catch(() => {});
    return result;
  }

  async dispose() {
    for (const { engine } of this.#places.values()) engine.close();
    this.#bindings.dispose();
    await this.#deployments.dispose();
  }
}
