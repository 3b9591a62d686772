/** Time, as it is handed to the engine. Tests hold one whose hands they move themselves. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Call `run` once at that time, at the end of this turn at the earliest. The result takes it back. */
  at(time: number, run: () => void): () => void;
  /** The same by the wall clock, which may be set back; for what means times of day. Absent where there is one clock. */
  wallNow?(): number;
  atWall?(time: number, run: () => void): () => void;
}
