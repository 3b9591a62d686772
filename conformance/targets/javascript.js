/** JavaScript on our engine. */

import { JavaScriptGuest } from "../../runtime/javascript/pool.js";
import { localTarget } from "../local.js";

export default localTarget({
  name: "javascript",
  language: "javascript",
  guest: (deployment) => new JavaScriptGuest({ deployment, isolates: 1 }),
});
