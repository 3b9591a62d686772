"""The test kit for JavaScript: suites of `node:test`, and what it says of bad ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FLOWS = Path(__file__).parent / "flows"
BAD = {
    "leaves an instance": "UnfinishedError]: Instance 'left' of workflow 'Moderator' has not ended: its status is 'running'",
    "names a step that never runs": "ModifierError]: mockStepResult('scor', index 1) of instance 'i' of workflow 'Moderator': the step has never run.",
    "mocks a step twice": "ModifierError]: Trying to mock step 'score' multiple times!",
    "runs a workflow that is not replayed as it ran": "step 'run 2-1' is called, and the history does not have it",
    "names no step": '{"name":"score","index":0} names no step. Give { name: "..." }, or { name: "...", index: 2 }.',
}


def run_tests(*arguments):
    """`stepwell test` with the arguments: its exit code and what it has printed."""
    command = [sys.executable, "-m", "stepwell", "test", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_suite():
    """A suite drives workflows and handlers by `createTestHarness`."""
    code, out = run_tests(FLOWS / "javascript" / "harness.mjs", "--target", FLOWS / "moderator.mjs")

    assert (0, True) == (code, "fail 0" in out), out


def test_explorations():
    """Every crash and every order of a workflow in JavaScript are explored by tests in JavaScript."""
    code, out = run_tests(FLOWS / "javascript" / "explored.test.mjs", "--target", FLOWS / "explored.mjs")

    assert (0, True) == (code, "fail 0" in out), out


def test_bad_tests():
    """Each test that goes wrong says what is wrong, and fails."""
    code, out = run_tests(FLOWS / "javascript" / "bad.mjs", "--target", FLOWS / "moderator.mjs")

    assert [] == [expected for expected in BAD.values() if expected not in out], out
    assert (1, True) == (code, f"fail {len(BAD)}" in out), out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["missing.test.js"], "'missing.test.js' is not a file. Give tests, such as tests/flow.test.js."),
        ([], "Or give tests: stepwell test tests/flow.test.js."),
        ([__file__], f"{__file__!r} has tests in Python. Run it: pytest {__file__}"),
        ([FLOWS / "javascript" / "harness.mjs", "--target", "nowhere.js"], "nowhere.js"),
    ],
)
def test_bad_commands(arguments, expected):
    """A command that cannot run tests says why."""
    code, out = run_tests(*arguments)

    assert (2, True) == (code, expected in out), out


def test_npm_package():
    """The npm package of tests is the folder of the host."""
    code, out = run_tests("--npm-package")

    assert (0, "stepwell") == (code, json.loads(Path(out.strip(), "package.json").read_text())["name"])


def test_configurations(tmp_path):
    """A harness takes configurations by path and as values; a mistake in one names file, line and key."""
    (tmp_path / "wrangler.jsonc").write_text('{\n  "name": "bad",\n  "main": "missing.js"\n}')
    (tmp_path / "flow.mjs").write_text(FLOWS.joinpath("moderator.mjs").read_text())
    (tmp_path / "it.test.mjs").write_text("""
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestHarness } from "stepwell/testing";

test("a mistake", async () => {
  const harness = createTestHarness({ root: import.meta.dirname, workers: [{ configPath: "wrangler.jsonc" }] });
  await assert.rejects(harness.listen(), /wrangler.jsonc:3: main is 'missing.js', and there is no such file/);
});

test("no Worker", () => {
  assert.throws(() => createTestHarness({ workers: [] }), /needs at least one Worker/);
});

test("two Workers", async () => {
  const workflows = [{ name: "moderation", binding: "MODERATOR", class_name: "Moderator" }];
  const config = { main: "flow.mjs", workflows };
  const harness = createTestHarness({
    root: import.meta.dirname,
    workers: [
      { config: { ...config, name: "first" }, bindings: { MODEL: { score: () => 1 } } },
      { config: { name: "second", main: "flow.mjs" } },
    ],
  });
  const worker = harness.getWorker("first");
  await using instance = await worker.introspectWorkflowInstance("MODERATOR", "a");
  await worker.fetch("/", { method: "POST", body: "{}" });
  await assert.rejects(harness.getWorker("third").getEnv(), /has no Worker 'third'. It has: first, second./);
  await harness.close();
});
""")

    code, out = run_tests(tmp_path / "it.test.mjs", "--target", tmp_path / "flow.mjs")

    assert (0, True) == (code, "fail 0" in out), out
