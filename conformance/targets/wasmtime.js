/** Python on our engine: sealed interpreters, one for each pass. */

import { WasmtimeGuest } from "../../runtime/wasmtime/pool.js";
import { localTarget } from "../local.js";

export default localTarget({
  name: "wasmtime",
  language: "python",
  forgets: true,
  still: 400,
  guest: (deployment) => new WasmtimeGuest({ deployment }),
});
