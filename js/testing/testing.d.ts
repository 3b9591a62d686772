/** Types of the test kit for JavaScript. */

export type InstanceStatus =
  | "queued"
  | "running"
  | "waiting"
  | "waitingForPause"
  | "paused"
  | "rollingBack"
  | "complete"
  | "errored"
  | "terminated";

/** A step by its name; the index counts steps of a name from 1. */
export type StepSelector = { name: string; index?: number };

export interface WorkflowInstanceModifier {
  disableSleeps(steps?: StepSelector[]): Promise<void>;
  disableRetryDelays(steps?: StepSelector[]): Promise<void>;
  mockStepResult(step: StepSelector, stepResult: unknown): Promise<void>;
  mockStepError(step: StepSelector, error: Error, times?: number): Promise<void>;
  forceStepTimeout(step: StepSelector, times?: number): Promise<void>;
  mockEvent(event: { type: string; payload?: unknown }): Promise<void>;
  forceEventTimeout(step: StepSelector): Promise<void>;
}

export interface WorkflowInstanceIntrospector {
  readonly id: string;
  modify(change: (modifier: WorkflowInstanceModifier) => unknown): Promise<WorkflowInstanceIntrospector>;
  waitForStatus(status: InstanceStatus | (string & {})): Promise<void>;
  waitForStepResult(step: StepSelector): Promise<unknown>;
  getOutput(): Promise<unknown>;
  getError(): Promise<{ name: string; message: string }>;
  /** Bound: it may be given to others as it is. */
  dispose: () => Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface WorkflowIntrospector {
  modifyAll(change: (modifier: WorkflowInstanceModifier) => unknown): Promise<void>;
  get(): Promise<WorkflowInstanceIntrospector[]>;
  /** Bound: it may be given to others as it is. */
  dispose: () => Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A Worker of a harness: its configuration by path or as a value, and what stands in for entries of its `env`. */
export type TestHarnessWorker =
  | {
      configPath: string | URL;
      env?: string;
      vars?: Record<string, unknown>;
      secrets?: Record<string, string>;
      /** Names of Workers of the harness, by the bindings that they stand in for. */
      bindingOverrides?: Record<string, string>;
      /** Objects of the test, by the bindings that they stand in for: their methods answer calls. */
      bindings?: Record<string, unknown>;
    }
  | { config: object; bindings?: Record<string, unknown> }
  /** A file with workflows, which needs no configuration. */
  | { main: string; bindings?: Record<string, unknown> };

export interface TestHarnessOptions {
  /** The folder that paths are relative to; by default the current one. */
  root?: string;
  workers: TestHarnessWorker[];
}

export interface ScheduledOptions {
  cron?: string;
  scheduledTime?: Date | number;
}

export interface QueueMessage {
  id?: string;
  timestamp?: Date;
  attempts?: number;
  body?: unknown;
}

export interface WorkerHandle {
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  scheduled(options?: ScheduledOptions): Promise<{ outcome: string; noRetry: boolean }>;
  queue(
    queue: string,
    messages: QueueMessage[],
  ): Promise<{
    ackAll: boolean;
    retryBatch: { retry: boolean; delaySeconds?: number };
    explicitAcks: string[];
    retryMessages: { msgId: string; delaySeconds?: number }[];
  }>;
  getEnv(): Promise<Record<string, any>>;
  getExport(): Promise<{ fetch: typeof fetch; scheduled: WorkerHandle["scheduled"]; queue: WorkerHandle["queue"] }>;
  checkAllCrashes(binding: string | object, options?: CrashOptions): Promise<CrashReport>;
  checkAllOrders(binding: string | object, options?: OrderOptions): Promise<OrderReport>;
  introspectWorkflow(binding: string | object): Promise<WorkflowIntrospector>;
  introspectWorkflowInstance(binding: string | object, id: string): Promise<WorkflowInstanceIntrospector>;
}

/** One of the runs of an exploration. */
export interface ExploredRun {
  /** What each crash has cut. */
  crashed: string[];
  /** Callbacks in the order in which they began: the step as NAME-COUNT, and how many crashes there were before. */
  callbacks: { step: string; attempt: number; life: number }[];
  status: InstanceStatus;
  output: any;
  error: { name: string; message: string } | null;
  log: {
    event: number | string;
    name: string | null;
    count: number | null;
    attempt: number | null;
    at: number;
    detail: any;
  }[];
}

export interface ExplorationOptions {
  params?: unknown;
  /** Events that are sent when the workflow waits for them: payloads by type, or pairs. */
  events?: Record<string, unknown> | [string, unknown][];
  /** Changes each run by modifiers. By default callbacks run as they are. */
  modify?: (modifier: WorkflowInstanceModifier) => unknown;
  /** Names of steps whose callbacks must not run twice. */
  once?: string[];
  /** Called with each run; throws where something is wrong. */
  invariant?: (run: ExploredRun) => unknown;
  /** Runs one case alone: a failure names it. */
  seed?: string;
}

export interface CrashOptions extends ExplorationOptions {
  /** How many runs crash twice; 20 by default. */
  pairs?: number;
}

export interface OrderOptions extends ExplorationOptions {
  /** Whether all orders have to come to the same end; true by default. */
  same?: boolean;
  /** How many orders are tried at most; 100 by default. */
  runs?: number;
}

export interface CrashReport {
  /** How many points a crash can cut. */
  points: number;
  runs: number;
  /** Callbacks that ran again because of a crash, and whether their steps may. */
  repeated: { step: string; crash: string; seed: string; allowed: boolean }[];
  /** Steps that have failed because a crash has cut their last attempt. */
  givenUp: { step: string; seed: string }[];
}

export interface OrderReport {
  runs: number;
  /** Whether these are all orders that there are. */
  complete: boolean;
}

/** The time, as the workflows see it. */
export interface TestClock {
  now(): Promise<Date>;
  /** Move on, with all that falls due on the way: ms, or a text such as "3 days". */
  advance(duration: string | number): Promise<void>;
  moveTo(time: Date | number): Promise<void>;
}

export interface TestHarness {
  readonly clock: TestClock;
  listen(): Promise<void>;
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  getWorker(name?: string): WorkerHandle;
  update(options: TestHarnessOptions | ((options: TestHarnessOptions) => TestHarnessOptions)): Promise<void>;
  /** Begin anew: no instances, no modifiers, and the clock at its beginning. */
  reset(): Promise<void>;
  /** The same, and refuse what the test has left behind. */
  check(): Promise<void>;
  /** Bound: it may be given to others as it is. */
  close: () => Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface StepwellTestOptions {
  wrangler?: { configPath?: string; environment?: string };
  /** Values and objects of the test that stand in for entries of `env`; values only, as the configuration is data. */
  bindings?: Record<string, unknown>;
  /** Whether each test is checked at its end for what it has left behind. */
  check?: boolean;
  main?: never;
}

export function createTestHarness(options: TestHarnessOptions): TestHarness;
export class TestKitError extends Error {}
export class WaitError extends TestKitError {}
export class ModifierError extends TestKitError {}
export class UnfinishedError extends TestKitError {}
export class ReplayError extends TestKitError {}
export class CrashError extends TestKitError {}
export class OrderError extends TestKitError {}
