/** The little that the store asks of an SQLite. `node:sqlite`'s DatabaseSync fits as it is. */
export interface Driver {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export interface Statement {
  run(...values: (string | number | null)[]): { lastInsertRowid: number | bigint; changes: number | bigint };
  get(...values: (string | number | null)[]): Record<string, any> | undefined;
  all(...values: (string | number | null)[]): Record<string, any>[];
}
