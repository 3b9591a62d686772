/** How far the start is: what has been loaded of what there is, as one number that never goes back. */

/** @import { Progress } from "../host.d.ts" */

/** Share of the whole that each part stands for, by what it usually takes. */
const SHARES = { engine: 10, state: 10, module: 25, snapshot: 35, stdlib: 5, start: 15 };
/** @type {Record<string, { phase: Progress["phase"], label: string }>} */
const WORDS = {
  engine: { phase: "engine", label: "Loading the engine" },
  state: { phase: "state", label: "Opening the state" },
  module: { phase: "interpreter", label: "Loading Python" },
  snapshot: { phase: "snapshot", label: "Loading Python's memory" },
  stdlib: { phase: "libraries", label: "Loading Python's library" },
  start: { phase: "start", label: "Starting Python" },
};

export class Loading {
  #tell;
  /** Share that is done, from 0 to 1, by part. @type {Map<string, number>} */
  #done = new Map();
  #percent = 0;
  /** @type {Progress} */
  progress = { phase: "engine", label: WORDS.engine.label, loaded: 0, total: 0, percent: 0 };

  /** @param {(progress: Progress) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /** Everything begins anew. */
  begin() {
    this.#done.clear();
    this.#percent = 0;
  }

  /** @param {string} part @param {number} loaded @param {number} total */
  part(part, loaded, total) {
    if (!(part in SHARES)) return;
    this.#done.set(part, total > 0 ? Math.min(1, loaded / total) : 1);
    const fetched = ["module", "snapshot", "stdlib"].every((each) => this.#done.get(each) === 1);
    this.#say(fetched ? WORDS.start : WORDS[part], loaded, total);
  }

  done() {
    for (const part of Object.keys(SHARES)) this.#done.set(part, 1);
    this.#say({ phase: "ready", label: "Python is ready" }, 1, 1);
  }

  /** @param {{ phase: Progress["phase"], label: string }} words @param {number} loaded @param {number} total */
  #say(words, loaded, total) {
    const sum = Object.entries(SHARES).reduce((all, [part, share]) => all + share * (this.#done.get(part) ?? 0), 0);
    this.#percent = Math.max(this.#percent, Math.round(sum));
    this.progress = { ...words, loaded, total, percent: this.#percent };
    this.#tell(this.progress);
  }
}
