/** What belongs to an instance, by the column that says whose a row is. */
export const OF_INSTANCE = {
  instances: "number",
  log: "instance",
  events: "instance",
  chunks: "instance",
  output: "instance",
};
