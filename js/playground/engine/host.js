/** The host of the page, started before anything that is seen is even loaded. */

import { connect } from "./connect.js";
import { isolate } from "./isolation.js";

await isolate();

export const host = connect();
