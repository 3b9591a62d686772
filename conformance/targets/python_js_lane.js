/** Python on our engine: Pyodide, each call by itself on the JavaScript object that `WorkflowStep` is. */

import { PyodideGuest } from "../../runtime/pyodide/pool.js";
import { localTarget } from "../local.js";

export default localTarget({
  name: "python-js-lane",
  language: "python",
  lane: "js",
  guest: (deployment) => new PyodideGuest({ deployment, isolates: 1 }),
});
