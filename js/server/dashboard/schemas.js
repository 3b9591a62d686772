/** The shapes of the dashboard's own requests. */

import { z } from "zod";
import { status, step } from "../api/schemas.js";

const workflow = z.string().optional().describe("Of one workflow; all of them without it.");

export const activityQuery = z.strictObject({
  workflow,
  minutes: z.coerce
    .number()
    .int()
    .min(1)
    .max(366 * 24 * 60),
  buckets: z.coerce.number().int().min(1).max(200).default(60),
});

export const searchQuery = z.strictObject({
  workflow,
  text: z.string().min(1).max(1000),
  status: status.optional(),
  cursor: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

export const fork = z.strictObject({
  instance_id: z.string().optional(),
  params: z.unknown().optional(),
  from: step.optional(),
  results: z.record(z.string(), z.unknown()).default({}),
});

export const comparisonQuery = z.strictObject({ workflow: z.string(), id: z.string() });

export const bulk = z.strictObject({
  action: z.enum(["pause", "resume", "terminate", "restart", "delete"]),
  instances: z.array(z.string()).min(1).max(100),
});
