/** Python on our engine: Pyodide, calls in batches. */

import { PyodideGuest } from "../../runtime/pyodide/pool.js";
import { localTarget } from "../local.js";

export default localTarget({
  name: "python",
  language: "python",
  guest: (deployment) => new PyodideGuest({ deployment, isolates: 1 }),
});
