import type { StepwellTestOptions } from "./testing.d.ts";

/** A plugin for vitest, with the options of upstream's `cloudflareTest`. */
export function stepwellTest(options?: StepwellTestOptions): any;
export { stepwellTest as cloudflareTest };
