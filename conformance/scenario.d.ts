/** A scenario: one workflow in both languages, what is done to it, and what has to come of it. */

import type { RunState } from "./engine_run.js";

export interface Scenario {
  /** "group: claim", unique. */
  name: string;
  /** The body of `async def run(self, event, step)`. */
  python?: string;
  /** The body of `async run(event, step)`. */
  javascript?: string;
  params?: unknown;
  /** What is done; without it the instance is created and runs to its end. */
  drive?: (run: Run) => Promise<void>;
  expect: Expectation;
  /** What else is expected where a language or a target differs by design, e.g. the name of an error's class. */
  expectIn?: Record<string, Partial<Expectation>>;
  /** Steps run at the same time, so the log is compared without its order. */
  unordered?: boolean;
  /** The log is not compared, and why. */
  logVaries?: string;
  /** Where the outcome is known to be another, by target, and why; "log: …" where only the log is. */
  differs?: Record<string, string>;
  /** Where it cannot be run, by target, and why. */
  notFor?: Record<string, string>;
  /** Why its outcome tells how often `run()` was replayed: such a one is not run where replays are forced. */
  showsReplays?: string;
  /** A step that never ends is part of it: time is moved although something runs. */
  hangs?: boolean;
  stepLimit?: number;
  /** How many instances of the workflow may run at once. */
  concurrency?: number;
  /** Cron expressions. */
  schedules?: string[];
}

export interface Expectation {
  /** Of the instance at the end; "complete" if not said. */
  status?: string;
  output?: unknown;
  /** A message may be given in part, as a regular expression. */
  error?: { name: string; message: string | RegExp };
  /** What people are shown of the outputs of its steps and waits, in the order of the log. */
  shown?: unknown[];
  /** What the drive noted on its way. */
  notes?: unknown[];
  /** What has to be found in the lines that the workflow's console was told; not looked at where a target does not hear it. */
  says?: RegExp[];
}

/** What a drive can do. Durations are text such as "3 days"; a target may scale them. */
export interface Run {
  create(params?: unknown): Promise<void>;
  /** What is meant from now on is the instance that a schedule has made last. */
  scheduled(): Promise<void>;
  /** The instance's detail JSON; of one that the workflow itself made where an id is given. */
  detail(id?: string): Promise<any>;
  /** Until everything waits: for a time, for an event, or for whoever drives. */
  settle(): Promise<void>;
  /** Until an attempt of the step runs. */
  started(step: string): Promise<void>;
  pass(duration: string): Promise<void>;
  event(type: string, payload?: unknown): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  terminate(options?: { rollback?: boolean }): Promise<void>;
  restart(from?: { name: string; count?: number; type?: "do" | "sleep" | "waitForEvent" }): Promise<void>;
  delete(): Promise<void>;
  /** The process of the engine dies, and another takes over. */
  crash(): Promise<void>;
  /** Crash when the guest has sent its n-th message of that type and the engine has not seen it. */
  crashBefore(type: string, n?: number): void;
  status(): Promise<string>;
  /** Until the instance has ended. */
  finish(): Promise<void>;
  /** Note something to be compared: a value, or what a call that must be refused is refused with. */
  note(value: unknown): Promise<void>;
}

export interface Outcome {
  status: string;
  output?: unknown;
  error?: { name: string; message: string };
  log: string[];
  shown?: unknown[];
  notes: unknown[];
  /** The lines that the workflow's console was told. */
  said?: string;
}

export interface RunOptions {
  /** Replay after each step, sleep and wait. */
  forceReplay: boolean;
  /** Where our engine has the state; absent: in memory. */
  newState?: () => RunState;
}

export interface Target {
  name: string;
  language: "python" | "javascript";
  /** Durations are scaled there, so the log is compared without them. */
  scales?: boolean;
  /** It runs on another engine than ours, which cannot be told to replay. */
  foreign?: boolean;
  /** Our engine runs in this process. */
  isLocal?: boolean;
  /** Outputs are what JSON leaves of them. */
  jsonOnly?: boolean;
  /** How many scenarios may run at once. */
  width?: number;
  /** Why it cannot be run here; undefined where it can. */
  unavailable?(): Promise<string | undefined>;
  open(scenarios: Scenario[]): Promise<void>;
  run(scenario: Scenario, options: RunOptions): Promise<Outcome>;
  close(): Promise<void>;
}
