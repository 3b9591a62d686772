/** Starting an interpreter for a deployment that has not been loaded yet, and perhaps not been registered. */

/** @import { WarmOptions } from "../../runtime/pool/warm.js" */
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
 * @param {WarmOptions} [options] of the pool that is to take it
 */
export async function prewarm({ main, root = dirname(main), runtime = null }, sources, options) {
  const known = /** @type {Deployment} */ ({ main, root, runtime });
  const GuestClass = await RUNTIMES[runtimeNameOf(known)].load();
  if (!GuestClass.prewarm) return;
  const { modules } = withModules(known);
  const imports = sources.imports({ root, main, modules });
  GuestClass.prewarm({ root, main, modules, imports, vars: {}, runtime }, options);
}
