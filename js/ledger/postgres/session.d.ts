import type { Value } from "../ledger.d.ts";

/** A connection to PostgreSQL. Nothing is sent again by itself: what is lost with the connection is for the caller to decide. */
export interface Session {
  /** Run one statement. Rows are arrays; `bigint` and `integer` are numbers. */
  query(text: string, values: Value[], options?: { name?: string }): Promise<any[][]>;
  /** Run several statements that have no parameters. */
  run(text: string): Promise<void>;
  /** Receive notifications of a channel. */
  listen(channel: string, onnotify: (payload: string) => void): Promise<void>;
  readonly isLost: boolean;
  /** The process at the server, as the server has said when the connection was opened: a pooler says a number of its own. */
  readonly processId?: number | undefined;
  close(): Promise<void>;
}

/** Opens a connection. `purpose` is for people who look at the database's activity. */
export type Connect = (purpose: string) => Promise<Session>;
