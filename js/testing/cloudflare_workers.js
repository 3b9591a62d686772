/** The module `cloudflare:workers` for tests: `env` and `exports` of the Worker that they are for, and the classes. */

import { worker } from "./current_worker.js";

export * from "../../runtime/javascript/workers.js";
export const env = await worker.getEnv();
export const exports = { default: await worker.getExport() };
