/** The tables that a query sees. They are the local explorer's contract: names, types and order of the columns. */

export const SCHEMA = `CREATE TABLE spans (
  trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_id TEXT,
  service TEXT, name TEXT, kind TEXT,
  start_ms INTEGER, duration_ms INTEGER, -- NULL while it runs
  outcome TEXT, error TEXT,
  attributes BLOB, -- JSONB: json(attributes) reads it
  created_at TEXT,
  PRIMARY KEY (trace_id, span_id)
);
CREATE TABLE logs (
  trace_id TEXT NOT NULL, span_id TEXT,
  seq INTEGER NOT NULL, -- order within the trace
  ts_ms INTEGER, level TEXT, message TEXT, -- a JSON array of the printed values
  operation TEXT, created_at TEXT,
  PRIMARY KEY (trace_id, seq)
);`;
