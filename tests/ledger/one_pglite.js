/** One PostgreSQL for the tests of a process: it takes long to start. */

import { after } from "node:test";
import { PgliteDatabase } from "./pglite.js";

export const database = new PgliteDatabase();
after(() => database.close());
