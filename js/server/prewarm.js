/** Starting an interpreter for a deployment that has not been loaded yet, and perhaps not been registered. */

/** @import { RuntimeOptions } from "../../runtime/registry.js" */
/** @import { Deployment } from "./deployment.js" */
/** @import { Sources } from "./sources.js" */

import { dirname } from "node:path";
import { RUNTIMES } from "../../runtime/registry.js";
import { runtimeNameOf, withModules } from "./deployment.js";

/**
 * The next load of the deployment takes the interpreter.
 *
 * @param {{ main: string, root?: string, runtime?: RuntimeOptions | null }} deployment as far as it is known
 * @param {Sources} sources
 */
export async function prewarm({ main, root = dirname(main), runtime = null }, sources) {
  const known = /** @type {Deployment} */ ({ main, root, runtime });
  const GuestClass = await RUNTIMES[runtimeNameOf(known)].load();
  if (!GuestClass.prewarm) return;
  const { modules } = withModules(known);
  GuestClass.prewarm({ root, main, modules, imports: sources.imports({ root, main, modules }), vars: {}, runtime });
}
