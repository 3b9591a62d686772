/**
 * Keeps V8's heaps small: they may grow by so many percent over what is alive, and not to a multiple of it, before what is not
 * alive is collected. Imported for that effect.
 */

import { setFlagsFromString } from "node:v8";

setFlagsFromString("--heap-growing-percent=80");
