/** What the history of an instance consists of, by the column that says whose a row is. A run file has these tables. */
export const OF_HISTORY = {
  instances: "number",
  log: "instance",
  events: "instance",
  chunks: "instance",
  output: "instance",
};

/** All that belongs to an instance. */
export const OF_INSTANCE = { ...OF_HISTORY, progress: "instance" };
