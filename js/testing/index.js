/** The test kit for JavaScript: what `stepwell/testing` has. */

export { createTestHarness } from "./harness.js";
export { ModifierError, ReplayError, TestKitError, UnfinishedError, WaitError } from "./errors.js";
