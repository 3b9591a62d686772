/** Instances as the pages show them: what a host answers, whether it is in this tab or over HTTP. */

import type { Graph } from "../graph/graph.d.ts";
import type { Status } from "../store/store.d.ts";

export type { Graph, Status };

/** Files of a project: text by path. Paths are relative, with `/`, without `..`. */
export type Files = Record<string, string>;

export interface InstanceSummary {
  workflow: string;
  id: string;
  status: Status;
  versionId: string;
  createdOn: number;
  modifiedOn: number;
  startedOn: number | null;
  endedOn: number | null;
  /** When a sleeping or retrying instance goes on, where that is known. */
  wakeAt: number | null;
}

export type LogLevel = "debug" | "info" | "warning" | "error" | "stdout" | "stderr";

/** Upstream's instance detail, as `GET /workflows/NAME/instances/ID` gives it. */
export interface InstanceDetail {
  status: Status;
  params: unknown;
  trigger: { source: string };
  versionId: string;
  queued: string;
  start: string | null;
  end: string | null;
  success: boolean | null;
  error: Fault | null;
  output: unknown;
  step_count: number;
  rollback: { outcome: "complete" | "failed"; error: Fault | null } | null;
  steps: StepDetail[];
  /** Large values that are not in here, by their sizes in characters; those of steps by `NAME-COUNT`. */
  omitted?: { params?: number; output?: number; steps: Record<string, number> };
  logs: { timestamp: string; step: string | null; level: LogLevel; text: string }[];
}

export interface Fault {
  name: string;
  message: string;
  traceback?: string;
}

export interface AttemptDetail {
  start: string;
  end: string | null;
  success: boolean | null;
  error: Fault | null;
  retryDelayMs?: number;
}

/** `name` is `NAME-COUNT`. */
export type StepDetail =
  | {
      type: "step" | "rollback";
      name: string;
      start: string;
      end: string | null;
      success: boolean | null;
      output: unknown;
      config: any;
      attempts: AttemptDetail[];
    }
  /** `end` is when it will end while `finished` is false. */
  | { type: "sleep"; name: string; start: string; end: string; finished: boolean; error: Fault | null }
  | {
      type: "waitForEvent";
      name: string;
      start: string;
      end: string | null;
      finished: boolean;
      error: Fault | null;
      event_type: string;
      /** When it gives up. */
      until?: string | null;
      output?: unknown;
    }
  | { type: "termination"; trigger: { source: string } };

/**
 * Upstream's subscription events (`workflow_queued`, `step_started`, `attempt_errored`, …; all are in
 * js/engine/detail.js, SUBSCRIPTION_TYPES), and `log` for what user code prints.
 */
export type InstanceEvent = {
  type: string;
  instanceId: string;
  timestamp: number;
  /** Where the event stands in the log; `log` lines and what steps report have none. Pass the last one as cursor to go on. */
  eventId?: number;
  /** `NAME-COUNT`. */
  stepName?: string;
  [more: string]: any;
};

export interface AwaitedEvent {
  type: string;
  /** The waiting step, `NAME-COUNT`. */
  step: string;
  workflow: string;
  id: string;
  /** When the step gives up, where that is known. */
  until?: string | null;
}

export interface StepAddress {
  name: string;
  count?: number;
  type?: "do" | "sleep" | "waitForEvent";
}

// Runs ---------------------------------------------------------------------------------------------------------------

/** A run file that has been opened: to look at, not to go on with. Close it when it is no longer shown. */
export interface OpenedRun {
  /** Names it in the other methods. */
  key: string;
  workflow: string;
  id: string;
  detail: InstanceDetail;
  events: InstanceEvent[];
  files: Files;
  main: string;
  versions: Record<string, string>;
}

/** Which run: an instance of the state, or an opened file. */
export type RunAddress = { workflow: string; id: string } | { key: string };

export interface Comparison {
  same: boolean;
  /** In what the instances differ as a whole: `status`, `params`, `output`, `error`. */
  differs: string[];
  /** Steps of both runs side by side; a step that one of them lacks has null there. `step` is `TYPE NAME-COUNT`. */
  rows: { step: string; left: StepDetail | null; right: StepDetail | null; same: boolean; differs: string[] }[];
}

/** What the components ask of the host about runs. Each method rejects with an error whose message is for people. */
export interface RunHost {
  detail(workflow: string, id: string): Promise<InstanceDetail>;
  /**
   * Call *listener* with the events after *cursor* (0: all), with what steps report after *progress* (absent: none of it), and
   * then with each that comes. Goes on over crashes and
   * restarts of the instance until the result is called. A restart begins with `workflow_queued` again.
   */
  subscribe(
    workflow: string,
    id: string,
    listener: (events: InstanceEvent[]) => void,
    options?: { cursor?: number; progress?: number },
  ): () => void;
  pause(workflow: string, id: string): Promise<void>;
  resume(workflow: string, id: string): Promise<void>;
  terminate(workflow: string, id: string, options?: { rollback?: boolean }): Promise<void>;
  restartInstance(workflow: string, id: string, from?: StepAddress): Promise<void>;
  delete(workflow: string, id: string): Promise<void>;
  sendEvent(workflow: string, id: string, type: string, payload?: unknown): Promise<void>;
  /** What instances wait for now; of one instance, or of all. */
  awaitedEvents(workflow?: string, id?: string): Promise<AwaitedEvent[]>;
  /** End sleeps, and waits before a retry, now: the one of *step* (`NAME-COUNT`), or all of the instance's. */
  skipSleep(workflow: string, id: string, step?: string): Promise<void>;
  /** The instance as `NAME.run.sqlite`. */
  exportRun(workflow: string, id: string): Promise<{ name: string; bytes: Uint8Array }>;
  compare(left: RunAddress, right: RunAddress): Promise<Comparison>;
  /** A value that the detail does not have: of the instance, or what a step gave. */
  wholeValue?(run: RunAddress, what: "params" | "output" | { step: string; type: string }): Promise<unknown>;
  /** Make an instance out of a run; which options there are is the host's. @returns its workflow and id */
  forkRun(run: RunAddress, options: any): Promise<{ workflow: string; id: string }>;
}
