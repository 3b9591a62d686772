/** Folders of assets that are not served, and why. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { folderProblem } from "../../js/bindings/assets_folder.js";

/** @type {string} */
let parent;
/** @type {string} */
let folder;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "stepwell-assets-"));
  folder = join(parent, "public");
  mkdirSync(join(folder, "sub", "deep"), { recursive: true });
  writeFileSync(join(folder, "sub", "page.html"), "<p>");
  writeFileSync(join(parent, "secret.txt"), "secret");
});
afterEach(() => rmSync(parent, { recursive: true }));

test("links inside the folder, and a folder that is a link itself, are served", () => {
  symlinkSync("page.html", join(folder, "sub", "same.html"));
  symlinkSync("sub", join(folder, "other"));
  symlinkSync("public", join(parent, "link"));

  assert.equal(folderProblem(folder), undefined);
  assert.equal(folderProblem(join(parent, "link")), undefined);
});

for (const [what, target, name, problem] of /** @type {[string, string, string, RegExp][]} */ ([
  ["to a file outside", "../secret.txt", "a.txt", /leads out of the folder, to .*secret\.txt/],
  ["to a folder outside", "/etc", "a", /leads out of the folder, to \/etc/],
  ["to the folder's parent", "..", "a", /leads out of the folder/],
  ["to a folder whose name only begins alike", "../public-more", "a", /leads (out|nowhere)/],
  ["to a folder that it is in", "..", "sub/deep/a", /leads into a folder that it is in/],
  ["to itself", "a", "a", /leads nowhere/],
  ["to nothing", "none", "a", /leads nowhere/],
])) {
  test(`a link ${what} is refused`, () => {
    symlinkSync(target, join(folder, name));

    assert.match(folderProblem(folder) ?? "", problem);
  });
}

for (const name of [".dev.vars", ".dev.vars.production", ".env", ".env.local", ".stepwell", ".wrangler", ".git"]) {
  test(`a folder with ${name} in it is refused, unless it is not served`, () => {
    writeFileSync(join(folder, name), "KEY=secret");

    assert.match(folderProblem(folder) ?? "", /which everybody could read/);
    writeFileSync(join(folder, ".assetsignore"), `node_modules\n${name}\n`);
    assert.equal(folderProblem(folder), undefined);
  });
}

test("other names that begin with a dot are served", () => {
  mkdirSync(join(folder, ".well-known"));

  assert.equal(folderProblem(folder), undefined);
});
