/**
 * What an engine asks of the database that holds the truth of a state. Every function is one statement or one transaction,
 * which arrives whole or has no effect.
 */

import type { InstanceFilter, InstanceRow } from "../store/store.d.ts";

export type NumberedInstance = Pick<InstanceRow, "number" | "id" | "status">;

/** A value of a row, as SQLite has it. */
export type Value = string | number | null;

/** A row of a table after a commit; `row` is null: it was deleted. `key` identifies the row in its table. */
export interface Change {
  table: string;
  key: string;
  /** The values of the key's columns. */
  keys: Value[];
  row: Value[] | null;
}

/** Changes by table and key: what one write brings. */
export type Batch = ReadonlyMap<string, ReadonlyMap<string, Change>>;

/** An engine in the table of engines. `id` is never used again. */
export interface Member {
  id: number;
  name: string;
}

/** What a ledger knows of an engine, for people. */
export interface KnownEngine extends Member {
  /** It runs instances together with others; false: it is idle, or has the state to itself. */
  shares: boolean;
  isDead: boolean;
  /** How many parts it holds. Those of a dead engine are free. */
  parts: number;
  /** When its lease ends, in ms from now; less than 0: it is over. */
  leaseMs: number;
}

/** Who runs the state. */
export interface Holders {
  /** Engines that live and run instances together with others; `versions`: of their code, as `announce` has it. */
  sharing: (Member & { versions: string[] })[];
  /** The living engine that holds each part, in the order of the parts; null: it is free. */
  byPart: (number | null)[];
  /** Counts the changes of tables that all engines read. */
  commonVersion: number;
}

/** The first of a block of instance numbers that no other engine gets, and how many they are. */
export interface NumberBlock {
  first: number;
  count: number;
}

/** What a notification is about: parts for which there is a call, engines for which there is an answer, workflows of which a place was left. */
export interface WokenBy {
  parts?: number[];
  engines?: number[];
  places?: string[];
}

/** What an engine asks of the one that holds a part. `sender`: the engine that asks. */
export interface Call {
  id: number;
  part: number;
  sender: number;
  request: string;
}

/** `answer` is null where the engine that had taken the call has died: what it has done of it is not known. */
export interface CallAnswer {
  id: number;
  answer: string | null;
}

/** An instance of a workflow with a concurrency limit that has a place, or wants one since a time. */
export interface PlaceRow {
  instance: number;
  part: number;
  since: number;
  isTaken: boolean;
}

/** The places of a workflow with a concurrency limit, as of one moment. */
export interface PlacesOfWorkflow {
  /** How many there are; null: the workflow has no limit. */
  limit: number | null;
  /** How many are taken. */
  taken: number;
  /** Counts how often places were taken. */
  turn: number;
  /** The rows of the parts that were asked for. */
  mine: PlaceRow[];
  /** Of the other parts those that have wanted a place longest, as many as there are places. */
  others: PlaceRow[];
}

export interface Ledger {
  /** Enter the table of engines with a lease. `shares`: it runs instances together with others. @throws {LedgerError} the database cannot be used */
  join(name: string, leaseMs: number, options?: { shares?: boolean }): Promise<Member>;
  /** Prolong the lease. False: this engine was declared dead. */
  renew(member: Member, leaseMs: number): Promise<boolean>;
  /** Declare this engine dead, so that the next one need not wait. */
  leave(member: Member): Promise<void>;
  /**
   * Declare engines dead whose lease is over or whose connection is gone, and return them. It waits for a write of theirs that
   * is under way: afterwards no write of theirs has an effect.
   */
  declareDead(member: Member): Promise<Member[]>;
  /** Become the holder of all parts, unless a living engine holds one of them: that one is the answer. */
  take(member: Member): Promise<Member | undefined>;
  /** Become the holder of up to `count` parts that no living engine holds, and return them. */
  takeParts(member: Member, count: number): Promise<number[]>;
  /** Let others hold parts. All that this engine has written of their instances has to be acknowledged before. */
  giveUp(member: Member, parts: number[]): Promise<void>;
  readHolders(): Promise<Holders>;
  /** All engines, in the order in which they joined. Dead ones are forgotten when others have their parts. */
  readEngines(): Promise<KnownEngine[]>;
  /** From now on this engine, which was idle, runs instances together with others. */
  beginSharing(member: Member): Promise<void>;
  /** Say which versions of workflows an engine has. */
  announce(member: Member, versions: string[]): Promise<void>;
  reserveNumbers(): Promise<NumberBlock>;
  /** Ask the engines that hold parts, and wake them up. Returns the ids of the calls, in their order; none where this engine is dead. */
  post(member: Member, calls: { part: number; request: string }[]): Promise<number[]>;
  /** The calls for these parts that no engine has taken: they are this engine's to answer. */
  takeCalls(member: Member, parts: number[]): Promise<Call[]>;
  /** Answer calls that this engine has taken, and wake up their senders. */
  answerCalls(member: Member, answers: { call: Call; answer: string }[]): Promise<void>;
  /** Those of the calls that are answered, or never will be. They are forgotten. */
  takeAnswers(member: Member, calls: number[]): Promise<CallAnswer[]>;
  /** Take a call back. False: an engine has taken it. */
  withdraw(member: Member, call: number): Promise<boolean>;
  /** Call *wake* when there may be a call for a part, an answer for an engine, or a place. Without it, or where it is lost, engines poll. */
  listen(wake: (about: WokenBy) => void): Promise<void>;
  readPlaces(workflow: string, parts: number[]): Promise<PlacesOfWorkflow>;
  /** Want places for instances whose parts this engine holds. */
  wantPlaces(member: Member, workflow: string, rows: PlaceRow[]): Promise<void>;
  /** Take places for instances whose parts this engine holds, unless places were taken since *turn*. Returns the instances that have one. */
  takePlaces(member: Member, workflow: string, rows: PlaceRow[], turn: number): Promise<number[]>;
  /** Leave places, or want them no longer, and wake up the engines that want one. */
  leavePlaces(member: Member, workflow: string, instances: number[]): Promise<void>;
  /** Write a batch, all of it or nothing. False: this engine was declared dead, and nothing is written. */
  write(member: Member, batch: Batch): Promise<boolean>;
  /** Rows of instances, of a list. */
  readListed(filter: InstanceFilter): Promise<Value[][]>;
  countListed(filter: Omit<InstanceFilter, "limit" | "offset">): Promise<number>;
  /** Instances of a workflow in the order of their numbers. */
  readNumbered(workflow: string, portion: { after: number; upTo: number; limit: number }): Promise<NumberedInstance[]>;
  /** Rows of a table of instances that belong to these instances; of the log, those from a time on. */
  readRowsOf(table: string, numbers: number[], from?: number): Promise<Value[][]>;
  /** All rows of an instance and of its workflow by table, as of one moment; empty where it does not exist. */
  readHistory(number: number): Promise<Map<string, Value[][]>>;
  /** How many instances a workflow has by status, and when one was last created. */
  readCounts(workflow: string): Promise<{ byStatus: Record<string, number>; triggeredOn: number | null }>;
  /** The largest number that an instance has. */
  readLastNumber(): Promise<number>;
  /** Entries of the audit log before a number, the newest first. */
  readAudit(page: { limit: number; before?: number | undefined }): Promise<Value[][]>;
  /** The slot of an instance. */
  readSlot(number: number): Promise<number | undefined>;
  /** The number of the last log entry of each of these instances; 0: there is no entry. */
  readTails(instances: number[]): Promise<Map<number, number>>;
  /** The rows of a table in the order of its key, in portions; of a table of instances or queues only those of `parts`, where they are given. */
  readTable(table: string, parts?: number[]): AsyncIterable<Value[][]>;
  /** Connect anew, after a connection was lost. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
}
