/** Secrets are read as wrangler reads them. */

import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { missingSecrets, readSecrets } from "../../js/server/secrets.js";

/** @param {import("node:test").TestContext} t @param {Record<string, string>} files */
function folderWith(t, files) {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-secrets-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test("quotes, comments and exports are read as dotenv reads them", (t) => {
  const text = "A=\"x y\" # comment\nexport B='it''s'\nC=v#w\nD=`t`\nE=\"two\\nlines\"\n\n# F=1\nG=\n";
  const folder = folderWith(t, { ".dev.vars": text });
  assert.deepEqual(readSecrets({ folder }, []), { A: "x y", B: "it''s", C: "v", D: "t", E: "two\nlines", G: "" });
});

test(".dev.vars is taken alone, and that of the environment before it", (t) => {
  const folder = folderWith(t, { ".dev.vars": "A=1\nB=1", ".dev.vars.prod": "A=2", ".env": "C=3" });
  assert.deepEqual(readSecrets({ folder }, []), { A: "1", B: "1" });
  assert.deepEqual(readSecrets({ folder, environment: "prod" }, []), { A: "2" });
  assert.deepEqual(readSecrets({ folder, environment: "other" }, []), { A: "1", B: "1" });
});

test("an empty .dev.vars hides .env", (t) => {
  const folder = folderWith(t, { ".dev.vars": "", ".env": "C=3" });
  assert.deepEqual(readSecrets({ folder }, []), {});
});

test(".env files are laid over each other, and refer to each other's names", (t) => {
  const folder = folderWith(t, {
    ".env": "A=1\nB=${A}b\nC=1\nD=$NONE-\nE=${NONE:-e}",
    ".env.local": "C=2",
    ".env.prod": "C=3",
    ".env.prod.local": "A=4",
  });
  assert.deepEqual(readSecrets({ folder }, []), { A: "1", B: "1b", C: "2", D: "-", E: "e" });
  assert.deepEqual(readSecrets({ folder, environment: "prod" }, []), { A: "4", B: "4b", C: "3", D: "-", E: "e" });
  assert.deepEqual(readSecrets({ folder, dotEnv: false }, []), {});
});

test("variables of the process are read where they are asked for, and win", (t) => {
  const folder = folderWith(t, { ".env": "STEPWELL_A=file\nSTEPWELL_B=${STEPWELL_A}" });
  process.env.STEPWELL_A = "process";
  t.after(() => delete process.env.STEPWELL_A);
  assert.equal(readSecrets({ folder }, []).STEPWELL_A, "file");
  const { STEPWELL_A, STEPWELL_B } = readSecrets({ folder, processEnv: true }, []);
  assert.deepEqual([STEPWELL_A, STEPWELL_B], ["process", "process"]);
});

test("where names are required, only those and the variables count", (t) => {
  const folder = folderWith(t, { ".dev.vars": "A=1\nB=2\nC=3" });
  const source = { folder, required: ["A", "D"] };
  const secrets = readSecrets(source, ["B"]);
  assert.deepEqual(secrets, { A: "1", B: "2" });
  assert.deepEqual(missingSecrets(source, secrets), ["D"]);
});

test("a file that cannot be read is named", (t) => {
  const folder = folderWith(t, {});
  mkdirSync(join(folder, ".dev.vars"));
  assert.throws(() => readSecrets({ folder }, []), /\.dev\.vars cannot be read \(it is not a file\)/);
});
