/** The test kit for JavaScript: what `stepwell/testing` has. */

export { createTestHarness } from "./harness.js";
export {
  CrashError,
  ModifierError,
  OrderError,
  ReplayError,
  TestKitError,
  UnfinishedError,
  WaitError,
} from "./errors.js";
