import assert from "node:assert/strict";
import { test } from "node:test";
import { masked, maskedVars, maskOf } from "../../js/server/masking.js";

const VARS = JSON.stringify({
  TOKEN: "hunter2-hunter2",
  LONGER: "hunter2-hunter2-too",
  DB: { url: "postgres://x:y@z" },
  MODE: "dev",
});

test("a value is replaced by the name of its variable", () => {
  const mask = maskOf(VARS);

  assert.equal(mask("a hunter2-hunter2 b"), "a [TOKEN] b");
  assert.equal(mask("hunter2-hunter2-too"), "[LONGER]");
  assert.equal(mask("at postgres://x:y@z/db"), "at [DB.url]/db");
});

test("a value is found where JSON quotes it, and by the lines of it", () => {
  const value = 'a "quoted" secret\nwith a line of its own';
  const mask = maskOf(JSON.stringify({ KEY: value }));

  assert.equal(mask(JSON.stringify({ text: value })), '{"text":"[KEY]"}');
  assert.equal(mask("with a line of its own"), "[KEY]");
  assert.equal(mask("a line"), "a line");
});

test("variables are replaced by their names, but for numbers and booleans", () => {
  const vars = { TOKEN: "t", DB: { urls: ["u"], port: 1 }, ON: true };

  assert.deepEqual(JSON.parse(maskedVars(JSON.stringify(vars))), {
    TOKEN: "[TOKEN]",
    DB: { urls: ["[DB.urls.0]"], port: 1 },
    ON: true,
  });
});

test("a short value is no secret", () => {
  assert.equal(maskOf(VARS)("dev"), "dev");
});

test("texts for people are masked, and what the code returns is not", () => {
  const line = {
    output: "hunter2-hunter2",
    error: { name: "E", message: "hunter2-hunter2", traceback: "  hunter2-hunter2" },
    logs: [{ text: "hunter2-hunter2" }],
    text: "hunter2-hunter2",
  };

  assert.deepEqual(masked(line, maskOf(VARS)), {
    output: "hunter2-hunter2",
    error: { name: "E", message: "[TOKEN]", traceback: "  [TOKEN]" },
    logs: [{ text: "[TOKEN]" }],
    text: "[TOKEN]",
  });
});
