/**
 * What an engine asks of the database that holds the truth of a state. Every function is one statement or one transaction,
 * which arrives whole or has no effect.
 */

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

/** The first of a block of instance numbers that no other engine gets, and how many they are. */
export interface NumberBlock {
  first: number;
  count: number;
}

export interface Ledger {
  /** Enter the table of engines with a lease. @throws {LedgerError} the database cannot be used */
  join(name: string, leaseMs: number): Promise<Member>;
  /** Prolong the lease. False: this engine was declared dead. */
  renew(member: Member, leaseMs: number): Promise<boolean>;
  /** Declare this engine dead, so that the next one need not wait. */
  leave(member: Member): Promise<void>;
  /**
   * Declare engines dead whose lease is over or whose connection is gone, and return them. It waits for a write of theirs that
   * is under way: afterwards no write of theirs has an effect.
   */
  declareDead(member: Member): Promise<Member[]>;
  /** Become the holder of the state, unless a living engine holds it: that one is the answer. */
  take(member: Member): Promise<Member | undefined>;
  reserveNumbers(): Promise<NumberBlock>;
  /** Write a batch, all of it or nothing. False: this engine was declared dead, and nothing is written. */
  write(member: Member, batch: Batch): Promise<boolean>;
  /** The number of the last log entry of each of these instances; 0: there is no entry. */
  readTails(instances: number[]): Promise<Map<number, number>>;
  /** The rows of a table in the order of its key, in portions. */
  readTable(table: string): AsyncIterable<Value[][]>;
  /** Connect anew, after a connection was lost. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
}
