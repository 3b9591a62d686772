/** Time, as it is handed to the engine. Tests hold one whose hands they move themselves. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Call `run` once at that time, at the end of this turn at the earliest. The result takes it back. */
  at(time: number, run: () => void): () => void;
}
