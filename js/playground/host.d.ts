/**
 * What the playground's page asks of the host behind it, on one page.
 *
 * `connect` (engine/connect.js) gives a `PlaygroundHost`. It lives in the page, starts the engine's worker, and starts it
 * again after a crash; the page need not know on which side of a port something happens. All values are plain data: dates
 * as ISO text, times in ms since 1970, stored values as plain JSON (as in the REST interface). Where a method rejects, it is
 * with a `HostError`.
 */

import type {
  AttemptDetail,
  AwaitedEvent,
  Comparison,
  Fault,
  Files,
  Graph,
  InstanceDetail,
  InstanceEvent,
  InstanceSummary,
  LogLevel,
  OpenedRun,
  RunAddress,
  RunHost,
  StepAddress,
  StepDetail,
} from "../pages/run.d.ts";
import type { Status } from "../store/store.d.ts";

export type {
  AttemptDetail,
  AwaitedEvent,
  Comparison,
  Fault,
  Files,
  Graph,
  InstanceDetail,
  InstanceEvent,
  InstanceSummary,
  LogLevel,
  OpenedRun,
  RunAddress,
  StepAddress,
  StepDetail,
};

/** `engine/connect.js`. Nothing is waited for: the host starts at once, and its `state` says how far it is. */
export function connect(options?: ConnectOptions): PlaygroundHost;

export interface ConnectOptions {
  /** Where the state is kept. Default: `opfs` where the browser has it, else `memory`. */
  storage?: "opfs" | "memory";
  /** A name for the state, so that several can be beside each other in one origin. Default: the page's path. */
  name?: string;
}

/** A rejection of any method. `reason` is for programs (`instance.not_found`, `deployment.import_failed`, …). */
export interface HostError extends Error {
  name: "HostError";
  reason: string;
  /** The user's traceback, where user code is what failed. */
  traceback?: string;
  /** Where in the user's files: for errors of `deploy`. */
  problems?: Problem[];
}

// State -----------------------------------------------------------------------------------------------------------------

export type HostState =
  /** The engine is being started; `progress` events tell of it. */
  | { phase: "starting" }
  /**
   * This tab owns the state, and everything can be asked. `python` says whether the interpreter has started yet: what
   * needs it (`deploy`, `check`, instances that run) waits until then, everything else answers at once.
   */
  | { phase: "ready"; storage: Storage; python: PythonState; missing: Missing[] }
  /** Another tab owns the state. `takeOver` makes this tab the owner. */
  | { phase: "elsewhere"; missing: Missing[] }
  /** The browser lacks what the playground cannot do without. */
  | { phase: "unsupported"; missing: Missing[] }
  /** It cannot go on. What was committed is kept; `restart` tries again. */
  | { phase: "stopped"; error: { reason: StopReason; message: string; remedy: string } };

/** `full`: the quota. `lost`: the state cannot be opened or read. `internal`: a fault of ours. */
export type StopReason = "full" | "lost" | "newer" | "internal";

export type PythonState = "loading" | "ready" | "failed";

export interface Storage {
  kind: "opfs" | "memory";
  /** A sentence for people where `kind` is `memory`: why, and that a reload loses everything. */
  why?: string;
  /** Whether the browser has promised not to clear it by itself. */
  persisted: boolean;
  /** Bytes used and allowed in this origin, where the browser tells. */
  usage?: number;
  quota?: number;
}

export interface Missing {
  what: "WebAssembly" | "module workers" | "OPFS" | "Web Locks" | "JSPI" | "SharedArrayBuffer" | "secure context";
  /** A sentence: what is missing and what cannot be done for that reason. */
  message: string;
  /** Whether nothing works without it. */
  fatal: boolean;
}

/** One step of starting. `total` is 0 where it is not known. `percent` is over everything, 0 to 100, and never goes back. */
export interface Progress {
  phase: "engine" | "state" | "interpreter" | "snapshot" | "libraries" | "start" | "ready";
  /** For people: "Loading Python". */
  label: string;
  loaded: number;
  total: number;
  percent: number;
}

// Code ------------------------------------------------------------------------------------------------------------------

/** The project as the editor has it, kept beside the state. */
export interface Project {
  files: Files;
  /** The file that has the workflows. */
  main: string;
  /** Whatever else the page wants kept: open tabs, cursor; plain JSON. */
  page?: unknown;
}

/** Something about a place in the user's files. Lines and columns count from 1. */
export interface Problem {
  file: string;
  line: number;
  column?: number;
  endLine?: number;
  endColumn?: number;
  /** The error's class: "SyntaxError". */
  name: string;
  message: string;
}

export interface Deployed {
  versionId: string;
  /** Workflows found in the main file. */
  workflows: WorkflowSummary[];
  /** What the modules printed while they were imported. */
  output: { level: LogLevel; text: string }[];
}

export interface WorkflowSummary {
  name: string;
  className: string;
  versionId: string;
  /** Number of instances by status; statuses that none has are left out. */
  instances: Partial<Record<Status, number>>;
}

/** A time table of a workflow: instances are made by it while the page is open. */
export interface ScheduleSummary {
  workflow: string;
  /** A cron expression of five fields, in UTC. */
  cron: string;
  /** When it comes next, in ms since 1970. */
  next: number | null;
}

// One-file runs ---------------------------------------------------------------------------------------------------------

export interface ForkOptions {
  /** The first step that is run again; what comes before keeps its results. Absent: everything runs again. */
  from?: StepAddress;
  /** Changed code, which is deployed. Absent: an opened file's own source is, and an instance's workflow stays as it is. */
  project?: { files: Files; main: string };
  /** Results that are put in the place of recorded ones, by step (`NAME-COUNT`), as plain JSON. */
  results?: Record<string, unknown>;
  /** Changed parameters. */
  params?: unknown;
  id?: string;
}

export interface Replayed {
  /** As it was recorded. */
  same: boolean;
  /** `stopped`: the history goes no further. */
  status: "complete" | "errored" | "stopped";
  output?: unknown;
  error?: Fault;
  /** Steps, `NAME-COUNT`: called, called but not in the history, in the history but not called. */
  called: string[];
  unrecorded: string[];
  uncalled: string[];
}

// Tables ----------------------------------------------------------------------------------------------------------------

export interface TableInfo {
  name: string;
  columns: { name: string; type: string }[];
  rows: number;
}

export interface TableRows {
  columns: string[];
  /** Cells: text, number or null; a text longer than 2000 characters is cut, with an ellipsis at its end. */
  rows: (string | number | null)[][];
  /** Of the whole table. */
  total: number;
}

// The host --------------------------------------------------------------------------------------------------------------

export interface HostEvents {
  state: HostState;
  progress: Progress;
  /** The list of instances has changed; at most one in 100 ms. The newest 200 of all workflows, newest first. */
  instances: InstanceSummary[];
  /** What is not an instance's own: a module that cannot be loaded any more, an interpreter that was replaced. */
  notice: { level: "info" | "warning" | "error"; text: string };
}

export interface PlaygroundHost extends RunHost {
  /** As the last `state` event had it. */
  readonly state: HostState;
  /** The last one. */
  readonly progress: Progress;

  /** Call *listener* at each event. The result ends it. */
  on<T extends keyof HostEvents>(type: T, listener: (event: HostEvents[T]) => void): () => void;

  /** Settles once `phase` is `ready` and python is `ready` too; rejects where neither will come. */
  ready(): Promise<void>;
  /** Make this tab the owner; the other is told, and becomes `elsewhere`. */
  takeOver(): Promise<void>;
  /** Start again after `stopped`. */
  restart(): Promise<void>;
  /** Delete everything that is kept: instances, project, deployments. */
  reset(): Promise<void>;
  /** Ask the browser not to clear the storage by itself. @returns whether it promises */
  persist(): Promise<boolean>;
  /** Versions of what this is made of: stepwell, pyodide, python, sqlite. */
  versions(): Promise<Record<string, string>>;

  // Code
  /** The project as it was saved, or null on a first visit. Answers before Python is there. */
  loadProject(): Promise<Project | null>;
  /** Durable when it settles. */
  saveProject(project: Project): Promise<void>;
  /** Examples that come with the playground. */
  examples(): Promise<{ name: string; title: string; main: string; files: Files; params: string }[]>;
  /** Syntax errors in the files, for the editor. Runs nothing. */
  check(files: Files): Promise<Problem[]>;
  /**
   * Import the main file and register its workflows. Unfinished instances go on with this code.
   * Rejects with reason `deployment.import_failed` (`problems` say where), or `deployment.no_workflow`.
   */
  deploy(files: Files, main: string): Promise<Deployed>;
  workflows(): Promise<WorkflowSummary[]>;
  /** Those of all workflows. They are kept when the workflow is deployed anew. */
  schedules(): Promise<ScheduleSummary[]>;
  /**
   * Give a workflow that is deployed these schedules, and no others. Of the times that pass while no page is open the
   * last one is made up for. Rejects with reason `schedule.invalid`.
   */
  setSchedules(workflow: string, crons: string[]): Promise<void>;
  /** The steps of the class *className* in *files*, as far as the source tells. */
  graph(files: Files, main: string, className: string): Promise<Graph>;

  // Instances
  /** @param params plain JSON @returns the instance's id, once the instance is durable */
  create(workflow: string, params?: unknown, id?: string): Promise<string>;
  /** The newest first. */
  list(filter?: {
    workflow?: string;
    status?: Status;
    limit?: number;
  }): Promise<{ rows: InstanceSummary[]; total: number }>;
  /** The source that the instance's version was deployed with, where it is still kept. */
  source(workflow: string, id: string): Promise<{ files: Files; main: string } | null>;

  // Crashes. Nothing is prepared for them: the worker is ended where it stands.
  /** `python`: the interpreter's worker. `engine`: that of the engine, and with it everything else. */
  crash(what: "python" | "engine"): Promise<void>;

  // Tables
  tables(): Promise<TableInfo[]>;
  rows(table: string, options?: { limit?: number; offset?: number }): Promise<TableRows>;

  // One-file runs
  /** Rejects with reason `run.foreign`, `run.newer` or `run.corrupt` where the bytes are no run file that can be opened. */
  openRun(bytes: Uint8Array): Promise<OpenedRun>;
  closeRun(key: string): Promise<void>;
  /**
   * Run the code of a run, or other code, against its history, to see whether it comes to the same end. No callback runs,
   * and nothing is written.
   */
  replayRun(run: RunAddress, project?: { files: Files; main: string }): Promise<Replayed>;
  /** Make an instance of this state out of a run. @returns its workflow and id */
  forkRun(run: RunAddress, options?: ForkOptions): Promise<{ workflow: string; id: string }>;
}
