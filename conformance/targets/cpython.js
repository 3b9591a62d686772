/** Python on our engine: a plain CPython process. */

import { CPythonGuest } from "../../runtime/cpython/pool.js";
import { localTarget } from "../local.js";

export default localTarget({
  name: "cpython",
  language: "python",
  guest: (deployment) => new CPythonGuest({ deployment, isolates: 1 }),
});
