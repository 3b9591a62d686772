/** Owns a state until it is killed; for owner.test.js. */

import { Ownership } from "../../js/server/owner.js";

new Ownership(process.argv[2]).announce({ command: "a test", version: "0" });
process.send?.("owner");
setInterval(() => {}, 1000);
