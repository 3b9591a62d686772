/** Ends a pass before its `run()` has ended, so that the next one continues: where replays are forced, and in newer code. */

/** @import { EngineContext } from "./context.js" */
/** @import { Hold } from "./hold.js" */
/** @import { Pass } from "./pass.js" */
/** @import { Step } from "./step.js" */

export class Renewal {
  /** Log number from which on the pass was given no outcomes, where a forced replay follows. @type {number | undefined} */
  unseenFrom;
  #pass;
  #engine;
  #hold;
  #giveUp;
  #leave;

  /**
   * @param {Pass} pass
   * @param {EngineContext} engine
   * @param {object} options
   * @param {Hold} options.hold
   * @param {() => void} options.giveUp lets go of a pass that was kept although the instance is parked
   * @param {() => void} options.leave ends the pass; the instance is due
   */
  constructor(pass, engine, { hold, giveUp, leave }) {
    this.#pass = pass;
    this.#engine = engine;
    this.#hold = hold;
    this.#giveUp = giveUp;
    this.#leave = leave;
  }

  /**
   * Where replays are forced, `run()` gets an outcome in the next pass, once it is durable. An attempt that is under way is
   * not cut: `run()` gets the outcome in this pass then. So it does where the outcome came before the pass began.
   *
   * @param {Step} step that has ended
   */
  replayIfForced({ endOrder: unseenFrom }) {
    if (!this.#engine.forceReplay || this.#pass.sent === 0 || this.#pass.ended || this.#pass.isExecuting()) return;
    this.#pass.withhold();
    const renew = () => {
      if (this.#pass.ended || this.#pass.held) return;
      if (this.#pass.isExecuting()) return this.#pass.sendWithheld();
      this.unseenFrom = unseenFrom;
      const { now } = this.#pass;
      this.#pass.write((store) => store.instanceDue(this.#pass.number, now));
      this.#leave();
    };
    this.#engine.commits.afterCommit(() => this.#pass.contain(renew));
  }

  /** End the pass when no attempt of it runs: the next one runs newer code. */
  moveToNewCode() {
    if (this.#hold.pausing) return;
    const ended = this.#hold.attemptsEnded(() => true);
    if (ended) void ended.then(() => this.#engine.guard(() => this.#pass.contain(() => this.#endForNewCode())));
    else this.#endForNewCode();
  }

  #endForNewCode() {
    if (this.#pass.ended || this.#hold.pausing) return;
    this.#giveUp();
    if (this.#pass.ended) return;
    const { now } = this.#pass;
    this.#pass.write((store) => store.instanceDue(this.#pass.number, now));
    this.#leave();
  }
}
