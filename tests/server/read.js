/** Holds the database for a moment, as SQLite's shell may; for state_file.test.js. */

import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync(process.argv[2]);
db.exec("BEGIN EXCLUSIVE");
process.send?.("locked");
setTimeout(() => {
  db.exec("COMMIT");
  db.close();
  process.disconnect();
}, 200);
