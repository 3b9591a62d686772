/** Reasons why a target differs, or cannot run a scenario, that more than one file of scenarios gives. */

// Cloudflare's local engine
export const NO_CRASH = "its process cannot be crashed from here";
export const SAYS_RUNNING = "its local engine says `running` while it sleeps or waits";
export const REAL_TIME = "too long for real time";
export const NO_DETAIL = "its binding shows no detail JSON";
export const WAITS_FOR_PAUSE = "log: it writes WORKFLOW_WAITING_FOR_PAUSE also where nothing runs";
export const PAUSES_TWICE =
  "log: it writes WORKFLOW_WAITING_FOR_PAUSE also where nothing runs, and no WORKFLOW_QUEUED when it is resumed";
export const RESUMES_SILENTLY = "log: it writes no WORKFLOW_QUEUED when it is resumed";
export const RESTARTS_SILENTLY =
  "log: it keeps the first WORKFLOW_QUEUED and writes no other when it is restarted from a step";

// Cloudflare's Python SDK
export const NO_ROLLBACK = "it has no rollback";
export const NO_KEYWORDS = "its bindings have no keywords and no names in snake case";
