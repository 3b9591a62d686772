/** Owns a state until it is killed; for owner.test.js. */

import { StateOwnership } from "../../js/server/owner.js";

new StateOwnership(process.argv[2]).announce({ command: "a test", version: "0" });
process.send?.("owner");
setInterval(() => {}, 1000);
