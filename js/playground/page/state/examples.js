/** The examples that come along. */

import { signal } from "@preact/signals";
import { host } from "./connection.js";

/** @type {import("@preact/signals").Signal<Awaited<ReturnType<import("../../host.d.ts").PlaygroundHost["examples"]>>>} */
export const examples = signal([]);

export async function loadExamples() {
  examples.value = await host.examples();
}

/** What is open on a first visit. */
export function firstExample() {
  return examples.value.find(({ main }) => main === "order.py") ?? examples.value[0];
}
