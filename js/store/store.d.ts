/** What the engine asks of a database. Every function is synchronous: a promise between two writes would tear a fact apart. */

import type { Status } from "../engine/status.js";
import type { Encoded, StepConfig, WireError, Usage } from "../../bridge/protocol.d.ts";

export type { Status } from "../engine/status.js";

export interface WorkflowRow {
  name: string;
  className: string;
  /** Folder of the deployment and its main file; relative to the state file's folder, so that both can move together. */
  root: string;
  main: string;
  vars: string;
  /** Workflow names by the names under which the code finds them, as JSON; null: each class under its own. */
  bindings: string | null;
  /** Its other bindings, as JSON: an EnvBinding by name; null: none. */
  env: string | null;
  /** Where its secrets are, as JSON: a SecretSource; null: it has none. Their values are never stored. */
  secrets: string | null;
  /** What runs it, with its options, as JSON; null: the default one for the main file. */
  runtime: string | null;
  stepLimit: number | null;
  /** How many instances may run at once; waiting ones do not count. */
  concurrency: number | null;
  /** How long instances are kept after their end, in ms; null: for ever. */
  successRetention: number | null;
  errorRetention: number | null;
  versionId: string;
  createdOn: number;
  modifiedOn: number;
  /** The Worker's name; null where none was configured. */
  scriptName: string | null;
}

type Optional =
  | "scriptName"
  | "bindings"
  | "env"
  | "secrets"
  | "runtime"
  | "concurrency"
  | "successRetention"
  | "errorRetention";
export type NewWorkflow = Omit<WorkflowRow, "createdOn" | "modifiedOn" | Optional> &
  Partial<Pick<WorkflowRow, Optional>> & {
    /** Cron expressions; those that it had before and that are not among them are gone. */
    schedules?: string[];
  };

/** Times are ms since 1970, UTC. */
export interface InstanceRow {
  number: number;
  workflow: string;
  id: string;
  status: Status;
  params: Encoded;
  /** Index into TRIGGERS. */
  trigger: number;
  versionId: string;
  createdOn: number;
  modifiedOn: number;
  startedOn: number | null;
  endedOn: number | null;
  output: Encoded | null;
  /** A WireError as JSON. */
  error: string | null;
  pausedOn: number | null;
  wakeAt: number | null;
  /** As in WorkflowRow, which they take the place of. */
  successRetention: number | null;
  errorRetention: number | null;
  /** What made it, as JSON: `{ cron, scheduledTime }`. */
  schedule: string | null;
}

export interface ScheduleRow {
  workflow: string;
  cron: string;
  /** The time up to which it has been carried out. */
  done: number;
}

/** `number` is the engine's to give: it is no other instance's, and larger than those of all that are older. */
export interface NewInstance extends Pick<
  InstanceRow,
  "number" | "workflow" | "id" | "params" | "trigger" | "versionId"
> {
  successRetention?: number | undefined;
  errorRetention?: number | undefined;
  schedule?: { cron: string; scheduledTime: number };
  /** The span that asked for it, in the form of W3C's header; kept in the log. */
  traceparent?: string | undefined;
}

export interface LogRow {
  seq: number;
  event: number;
  /** A second entry, of the same step and moment, that was written in the same row. */
  next: number | null;
  name: string | null;
  count: number | null;
  at: number;
  attempt: number | null;
  /** When a sleep, a retry or a wait falls due. */
  due: number | null;
  value: Encoded | null;
  /** Whatever else the entry carries, as a JSON object; null for none. */
  detail: string | null;
  /** As `checksumOf` has it; null in entries of older versions. */
  checksum?: number | null;
}

export type LogEntry = Omit<LogRow, "seq" | "next"> & { eventId: number };

export interface ChunkRow extends StepRef {
  place: number;
  chunk: Encoded;
}

export interface EventRow {
  /** Counts the events of its instance. */
  number: number;
  type: string;
  at: number;
  payload: Encoded;
}

/** What an attempt of a step reports while it runs. */
export interface ProgressReported {
  attempt: number;
  at: number;
  value: Encoded;
}

export interface ProgressRow {
  /** Counts the rows of an instance. */
  number: number;
  /** 0: an item; 1: what the step has reported so far is superseded; 2: it is removed, of all steps where `name` is null. */
  event: number;
  name: string | null;
  count: number | null;
  attempt: number | null;
  at: number;
  value: Encoded | null;
  /** 1: the attempt has failed, so that the item does not count any more. */
  superseded: number;
}

export interface OutputRow {
  at: number;
  step: string | null;
  level: string;
  text: string;
}

/** Where an instance's log goes on. Every function that writes an entry advances `seq`. */
export interface LogCursor {
  number: number;
  /** Number of the last entry. */
  seq: number;
}

export interface StepRef {
  name: string;
  count: number;
}

/** A step that is run in attempts: `kind` is a key of ATTEMPTED. */
export interface AttemptedRef extends StepRef {
  kind: string;
  /** Whether a handler undoes it. */
  hasRollback?: boolean;
}

/** `retry`: ms until the next attempt. */
export interface AttemptFailed {
  attempt: number;
  error: WireError;
  retry: number;
  usage?: Usage | undefined;
}

/** `stepError`: what the step fails with, where that is not the error of its last attempt. */
export interface StepFailed {
  attempt: number;
  error: WireError;
  stepError?: WireError | undefined;
  usage?: Usage | undefined;
}

export interface StepSucceeded {
  attempt: number;
  value: Encoded;
  usage?: Usage | undefined;
}

/** `trigger`: who asked for the termination that this belongs to; absent where the instance failed. */
export interface RollbackStart {
  triggerError: WireError;
  totalSteps: number;
  trigger?: { source: number };
}

/** A version of a workflow's code, with the settings that it was last deployed with. */
export interface VersionRow {
  workflow: string;
  id: string;
  className: string;
  main: string;
  stepLimit: number | null;
  concurrency: number | null;
  successRetention: number | null;
  errorRetention: number | null;
  createdOn: number;
  /** When it was last deployed. */
  modifiedOn: number;
}

/** What is being done to all instances of a workflow whose number is not above `upTo`. */
export interface BulkJob {
  workflow: string;
  /** `delete`: its instances; `remove`: the workflow with them. */
  kind: "terminate" | "delete" | "remove";
  /** Only instances of this status; null: of any. */
  status: string | null;
  upTo: number;
}

/** `workflow` or `account`: whose instances. */
export interface InstanceFilter {
  workflow?: string | undefined;
  account?: string | undefined;
  status?: Status | undefined;
  createdFrom?: number | undefined;
  createdTo?: number | undefined;
  /** Part of the id. */
  search?: string | undefined;
  ascending?: boolean;
  /** Only what comes after this number in the list, up to that one. */
  after?: number | undefined;
  until?: number | undefined;
  limit: number;
  offset?: number;
}

/** Where a list that is sorted goes on: after the instance *number*, which has *key*, in one of the list's sections. */
export interface SortPlace {
  section: string;
  key: string | number | null;
  number: number;
}

/** `workflow` or `account`: whose instances. Those without the time that is sorted by come last. */
export interface InstanceSort {
  by: "started" | "ended" | "id" | "status";
  ascending: boolean;
  workflow?: string | undefined;
  account?: string | undefined;
  status?: Status | undefined;
  place?: SortPlace | undefined;
  limit: number;
}

/** What is written about instances, as it is written: before its commit. */
export interface StoreObserver {
  appended(number: number, row: LogRow): void;
  printed(number: number, lines: OutputRow[]): void;
  /** The instance is about to be removed. */
  deleted(number: number): void;
}

export interface ActivityQuery {
  /** A key; all workflows of the account without it. */
  workflow: string | undefined;
  account: string;
  /** ms since 1970 */
  from: number;
  bucketMs: number;
  buckets: number;
}

/** Series by bucket. */
export interface Activity {
  /** From when on nothing is left out, in ms since 1970. */
  completeSince: number;
  created: number[];
  completed: number[];
  errored: number[];
  terminated: number[];
  /** Steps that ended well. */
  steps: number[];
  retries: number[];
  /** ms from start to end of the instances that ended in the bucket; null: none did. */
  p50: (number | null)[];
  p95: (number | null)[];
}

export interface SearchQuery {
  text: string;
  /** A key; all workflows of the account without it. */
  workflow: string | undefined;
  account: string;
  status: string | undefined;
  /** Only instances with a smaller number. */
  before: number;
  /** Of matches. */
  limit: number;
}

/** Where in an instance a text was found. */
export type MatchPlace = "id" | "params" | "output" | "error" | "step" | "log";

export interface SearchPortion {
  found: { number: number; where: MatchPlace }[];
  /** Where the next portion begins; null at the end. */
  next: number | null;
  /** How many instances were looked through. */
  searched: number;
}

export interface Store {
  observer?: StoreObserver | undefined;
  begin(): void;
  commit(): void;
  rollback(): void;
  close(): void;
  /** Whether a write failed because of what was to be written: then the transaction is still open. */
  isRefusal(error: unknown): boolean;

  /** What happened over time, for charts. */
  readActivity(query: ActivityQuery): Activity;
  /** A portion of a search in all that is kept of instances. */
  searchPortion(query: SearchQuery): SearchPortion;

  saveWorkflow(row: WorkflowRow): void;
  versionFound(workflow: string, versionId: string, at: number): void;
  workflowDeletionBegun(workflow: string, at: number): void;
  workflowDeleted(workflow: string): void;
  loadVersions(workflow: string): VersionRow[];
  loadVersion(workflow: string, id: string): VersionRow | undefined;
  bulkJobBegun(job: BulkJob): void;
  bulkJobEnded(workflow: string): void;
  loadBulkJobs(): BulkJob[];
  loadNumbered(
    workflow: string,
    numbers: { after: number; upTo: number },
  ): Pick<InstanceRow, "number" | "id" | "status">[];
  nextNumber(workflow: string, after: number): number | null;
  instanceVersion(number: number, versionId: string): void;
  schedulesSet(workflow: string, crons: string[], at: number): void;
  scheduleCarriedOut(schedule: ScheduleRow, time: number): void;
  loadWorkflow(name: string): WorkflowRow | undefined;
  loadWorkflows(): WorkflowRow[];
  loadSchedules(): ScheduleRow[];
  countByStatus(workflow: string): Record<string, number>;
  /** When an instance of the workflow was last created, whether it still exists or not. */
  triggeredOn(workflow: string): number | null;

  /** Undefined where the workflow has an instance of this id: then nothing has changed. */
  instanceCreated(instance: NewInstance, at: number): LogCursor | undefined;
  instanceForked(
    instance: NewInstance,
    history: { rows: LogRow[]; chunks: ChunkRow[] },
    at: number,
  ): LogCursor | undefined;
  instanceStarted(log: LogCursor, at: number): void;
  instanceRunning(log: LogCursor, at: number): void;
  instanceParked(log: LogCursor, at: number, wakeAt: number | null): void;
  instanceTaken(number: number): void;
  instanceDue(number: number, wakeAt: number): void;
  instancePausing(log: LogCursor, at: number): void;
  instancePaused(log: LogCursor, at: number): void;
  instanceResumed(log: LogCursor, at: number, pausedFor: number): void;
  instanceCompleted(log: LogCursor, at: number, output: Encoded): void;
  instanceErrored(log: LogCursor, at: number, error: WireError): void;
  instanceTerminated(log: LogCursor, at: number, trigger: number): void;
  instanceRestarted(instance: InstanceRow, at: number): LogCursor;
  instanceRestartedFrom(instance: InstanceRow, at: number, wipe: { names: StepRef[]; events: number[][] }): LogCursor;
  instanceDeleted(number: number): void;

  stepStarted(log: LogCursor, step: AttemptedRef, at: number, detail: { config: StepConfig; hasRollback?: true }): void;
  attemptStarted(log: LogCursor, step: AttemptedRef, at: number, attempt: number): void;
  attemptFailed(log: LogCursor, step: AttemptedRef, at: number, failed: AttemptFailed): void;
  stepFailed(log: LogCursor, step: AttemptedRef, at: number, failed: StepFailed): void;
  chunkWritten(number: number, step: StepRef, place: number, chunk: Encoded): void;
  chunksDropped(number: number, step: StepRef): void;
  progressReported(number: number, step: StepRef, report: ProgressReported): void;
  progressSuperseded(number: number, step: StepRef, at: number): void;
  progressTrimmed(number: number, step: StepRef, kept: number, at: number): void;
  progressHalved(number: number, at: number): void;
  loadChunk(number: number, step: StepRef, place: number): Encoded | undefined;
  rollbackStarted(log: LogCursor, at: number, start: RollbackStart): void;
  rollbackMissing(log: LogCursor, step: StepRef, at: number, error: WireError): void;
  rollbackEnded(
    log: LogCursor,
    at: number,
    complete: boolean,
    detail: { totalSteps: number; completedSteps: number },
  ): void;
  stepSucceeded(log: LogCursor, step: AttemptedRef, at: number, done: StepSucceeded): void;
  sleepStarted(log: LogCursor, step: StepRef, at: number, duration: number): void;
  sleepCompleted(log: LogCursor, step: StepRef, at: number): void;
  waitStarted(log: LogCursor, step: StepRef, at: number, eventType: string, timeout: number): void;
  waitCompleted(log: LogCursor, step: StepRef, at: number, event: EventRow, value: Encoded): void;
  waitTimedOut(log: LogCursor, step: StepRef, at: number, error: WireError): void;

  /** What a step rests for ends at another time: a sleep, or the wait before a retry. */
  dueMoved(number: number, step: StepRef, due: number): void;
  eventReceived(number: number, event: EventRow): void;
  outputWritten(number: number, rows: OutputRow[]): void;

  /** The largest number that an instance has, or had before it was deleted. */
  lastNumber(): number;
  loadInstance(workflow: string, id: string): InstanceRow | undefined;
  loadInstanceByNumber(number: number): InstanceRow | undefined;
  /** Also of an instance whose row is damaged. */
  numberOf(workflow: string, id: string): number | undefined;
  /** When the instance was created or restarted; 0 where that is not known. */
  queuedAt(number: number): number;
  nameOf(number: number): { workflow: string; id: string; status: string } | undefined;
  listInstances(filter: InstanceFilter): InstanceRow[];
  /** A page of a list in another order than that of creation. `next`: where the next page begins; null: there is none. */
  sortInstances(sort: InstanceSort): { rows: InstanceRow[]; next: SortPlace | null };
  countInstances(filter: Omit<InstanceFilter, "limit" | "offset">): number;
  /** Throws a DamageError where an entry is not what was written. */
  loadLog(number: number, after?: number): LogRow[];
  loadLogPortion(number: number, after: number): LogRow[];
  loadValue(number: number, step: StepRef, event: number): Encoded | undefined;
  loadCursor(number: number): LogCursor;
  /** Whether SQLite can read all that a pass of the instance begins with. To be asked outside of a transaction. */
  canRead(number: number): boolean;
  /** Whether it can read the end of the log, where the next entry is added. Likewise. */
  canReadEnd(number: number): boolean;
  loadChunks(number: number): ChunkRow[];
  countChunks(number: number): number;
  loadEvents(number: number): EventRow[];
  nextEventNumber(number: number): number;
  loadOutput(number: number, after?: number): (OutputRow & { id: number })[];
  outputSize(number: number): number;
  loadProgress(number: number, after: number): { progress: ProgressRow[]; more: boolean };
  progressSize(number: number): number;
  loadLimits(): Map<string, number>;
  loadRunningOf(workflow: string): number[];
  loadCandidates(workflow: string, now: number, limit: number): { number: number; since: number }[];
  /** Numbers of instances that have something to do now, oldest first. */
  loadQueued(limit: number, except?: string[]): number[];
  loadDue(now: number, limit: number, full?: string[]): number[];
  loadExpired(now: number, limit: number): number[];
  nextExpiry(): number | null;
  nextWake(now: number): number | null;
  /** Instances that run or wait for a time, those that fall due first before others. */
  loadUnfinished(limit: number): { number: number; workflow: string; id: string }[];
  /** Instances that a process left behind in the middle of a pass; `numbers`: only those. */
  recover(at: number, numbers?: number[]): void;
}
