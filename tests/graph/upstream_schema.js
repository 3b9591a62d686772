/** Upstream's types of a graph, as its client declares them for `versions/{id}/graph`; further keys are allowed. */

import { z } from "zod";

const duration = z.union([z.number(), z.string()]);
const order = { starts: z.number().optional(), resolves: z.number().optional() };
const shape = z.union([
  z.looseObject({ type: z.literal("unknown") }),
  z.looseObject({ type: z.literal("object"), fields: z.record(z.string(), z.unknown()) }),
]);
/** @type {z.ZodType} */
const node = z.lazy(() => z.discriminatedUnion("type", types));
const nodes = z.array(node);
const block = z.looseObject({ type: z.literal("block"), nodes });
const branches = z.array(z.looseObject({ condition: z.string().nullable(), nodes }));
const functionDef = z.looseObject({ type: z.literal("function_def"), name: z.string(), nodes });
const functions = z.record(z.string(), functionDef);
const retries = z.looseObject({
  limit: z.number(),
  delay: duration,
  backoff: z.enum(["constant", "linear", "exponential"]),
});

/** @type {any} */
const types = [
  z.looseObject({ type: z.literal("step_sleep"), name: z.string(), duration, ...order }),
  z.looseObject({
    type: z.literal("step_do"),
    name: z.string(),
    config: z.looseObject({ retries, timeout: duration }),
    nodes,
    ...order,
  }),
  z.looseObject({
    type: z.literal("step_wait_for_event"),
    name: z.string(),
    options: z.looseObject({ event_type: z.string(), timeout: duration }).nullable(),
    payload: shape.optional(),
    ...order,
  }),
  z.looseObject({ type: z.literal("step_sleep_until"), name: z.string(), timestamp: z.string(), ...order }),
  z.looseObject({ type: z.literal("loop"), nodes }),
  z.looseObject({ type: z.literal("parallel"), kind: z.enum(["all", "any", "all_settled", "race"]), nodes }),
  z.looseObject({
    type: z.literal("try"),
    try_block: block.nullable(),
    catch_block: block.nullable(),
    finally_block: block.nullable(),
  }),
  block,
  z.looseObject({ type: z.literal("if"), branches }),
  z.looseObject({ type: z.literal("switch"), discriminant: z.string(), branches }),
  z.looseObject({
    type: z.literal("start"),
    class_name: z.string(),
    functions,
    nodes,
    payload: shape.optional(),
  }),
  z.looseObject({ type: z.literal("function_call"), name: z.string(), ...order }),
  functionDef,
  z.looseObject({ type: z.literal("break"), kind: z.enum(["break", "return"]) }),
];

export const upstreamGraph = z.looseObject({
  version: z.number(),
  workflow: z.looseObject({ class_name: z.string(), functions, nodes, payload: shape.optional() }),
});
