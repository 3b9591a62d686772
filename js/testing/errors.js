/** Errors of the test kit. */

/** What a test has asked for is not possible. */
export class TestKitError extends Error {
  name = "TestKitError";
}

/** A wait that cannot be met. */
export class WaitError extends TestKitError {
  name = "WaitError";
}

/** A modifier that cannot be, or that was for a step that has never run. */
export class ModifierError extends TestKitError {
  name = "ModifierError";
}

/** A test has left instances behind that have not ended. */
export class UnfinishedError extends TestKitError {
  name = "UnfinishedError";
}

/** An instance is not replayed as it ran. */
export class ReplayError extends TestKitError {
  name = "ReplayError";
}

/** A workflow that does not survive every crash. */
export class CrashError extends TestKitError {
  name = "CrashError";
}

/** A workflow that depends on the order in which its steps end. */
export class OrderError extends TestKitError {
  name = "OrderError";
}

/** By the name that the host gives. @type {Record<string, typeof TestKitError>} */
const CLASSES = { WaitError, ModifierError };

/** @param {{ name?: string, message: string, traceback?: string | null }} error of the host */
export function hostError({ name = "", message, traceback }) {
  const ErrorClass = CLASSES[name] ?? TestKitError;
  return new ErrorClass(traceback ? `${message}\n${traceback}` : message);
}
