/** Whatever a file holds, it is opened or refused with a reason that is the file's. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { openRunFile } from "../../js/server/run_files.js";
import { cases, Chance, SEED } from "./random.js";

const folder = mkdtempSync(join(tmpdir(), "stepwell-fuzz-"));
after(() => rmSync(folder, { recursive: true }));

test(`run files, changed at random (STEPWELL_SEED=${SEED})`, () => {
  const chance = new Chance("run files");
  const path = join(folder, "changed.run.sqlite");
  for (const name of ["finished", "approval", "failed", "Till"]) {
    const sound = gunzipSync(readFileSync(new URL(`../stored/schema_4/${name}.run.sqlite.gz`, import.meta.url)));

    for (let i = cases(0.0125); i > 0; i--) {
      writeFileSync(path, chance.changedBytes(sound));
      try {
        openRunFile(path).store.close();
      } catch (error) {
        assert.equal(/** @type {Error} */ (error).name, "RunFileError", String(error));
      }
    }
  }
});
