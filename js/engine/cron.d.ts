/** When the times of a schedule are, as it is handed to the engine. Times are ms since 1970; expressions mean UTC. */
export interface Cron {
  /** What is wrong with the expression, as a sentence that names the field; undefined where nothing is. */
  problem(expression: string): string | undefined;
  /** The first time after `time`; undefined if no time follows. */
  next(expression: string, time: number): number | undefined;
  /** The last time that is not after `time`; undefined if no time precedes it. */
  last(expression: string, time: number): number | undefined;
}
