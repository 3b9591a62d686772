/**
 * The suite: `node main.js [--target NAME]… [--without NAME]… [-k TEXT] [--scenarios FILE|FOLDER]… [--update]
 * [--parity FILE] [--page FILE] [--repeat N] [--force-replay] [--ledger ADDRESS] [--quiet]`.
 *
 * Runs every scenario on every target and prints scenario x target. Exit code 1 where an outcome differs from the expected
 * one and the scenario does not declare it, where a declared difference does not occur, or where nothing could be run; 2
 * where the command line is invalid.
 *
 * `--force-replay` replays after each step, sleep and wait: outcome, log and prints must be the same.
 *
 * `--ledger` has our engine's states in PostgreSQL.
 *
 * `--parity` writes the columns of the targets that have been run into a file of results, each whole and of one run, and
 * nothing where anything has failed. `--page` is a page with a summary of that file, which is written anew with it.
 *
 * The event logs that are expected are kept in `expected/`; `--update` writes those of the first target there. Scenarios
 * that are handed in by `--scenarios` are run in place of the suite's own, and their logs are not compared.
 */

/** @import { RunOptions, Scenario, Target } from "./scenario.d.ts" */
/** @import { Result, Row } from "./table.js" */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readArguments, UsageError } from "./arguments.js";
import { differences } from "./compare.js";
import { loadScenarios } from "./load.js";
import { readCells, writeCells, writeSummary } from "./parity.js";
import { plain } from "./table.js";
import { TARGETS } from "./targets/index.js";

/** So many targets run side by side: most of a scenario is waiting. */
const AT_ONCE = 2;

/** Where our engine has the states of scenarios. @type {Pick<RunOptions, "newState">} */
let states = {};
const { values, all: everything } = await understood(async () => {
  const given = readArguments(process.argv.slice(2));
  return { values: given, all: await loadScenarios(given.scenarios) };
});
const scenarios = everything.filter(({ name }) => name.toLowerCase().includes(values.filter.toLowerCase()));
if (scenarios.length === 0) {
  say(`No scenario's name contains ${JSON.stringify(values.filter)}.`);
  process.exit(2);
}
/** @type {Row[]} */
const rows = scenarios.map(({ name }) => ({ name, results: new Map() }));
const expected = new URL("expected/log.json", import.meta.url);
/** @type {Record<string, string[]>} */
const logs = existsSync(expected) && !values.scenarios ? JSON.parse(readFileSync(expected, "utf8")) : {};
let failures = 0;
if (values.ledger !== undefined) states = { newState: (await import("./over_ledger.js")).statesAt(values.ledger) };

const names = values.target ?? Object.keys(TARGETS).filter((each) => !values.without?.includes(each));
const waiting = [...names];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) await runOften(name);
  }),
);
const ran = names.filter((name) => rows.some(({ results }) => results.has(name)));
if (values.update) {
  const known = new Set(everything.map((scenario) => scenario.name));
  const kept = Object.entries(logs).filter(([name]) => known.has(name));
  writeFileSync(expected, `${JSON.stringify(Object.fromEntries(kept), null, 1)}\n`);
}
if (!values.quiet) say(plain(rows, ran));
for (const name of ran) say(`${name}: ${summary(name)}`);
if (values.parity && failures === 0) writeParity(values.parity);
else if (values.parity) say(`${values.parity} is left as it was.`);
if (ran.length === 0) say("Nothing has been run.");
process.exit(failures > 0 || ran.length === 0 ? 1 : 0);

/**
 * Writes the columns that have been run into a file of results. The others stay.
 *
 * @param {string} path
 */
function writeParity(path) {
  const before = readCells(path);
  const all = rows.map(({ name, results }) => ({ name, results: new Map([...(before.get(name) ?? []), ...results]) }));
  const targets = Object.keys(TARGETS).filter((target) => all.some(({ results }) => results.has(target)));
  writeCells(path, all, targets);
  if (values.page !== undefined) writeSummary(values.page, all, targets);
}

/** @param {string} name */
function summary(name) {
  const kinds = rows.map(({ results }) => results.get(name)?.kind);
  return ["same", "differs", "n.a.", "failed"]
    .map((kind) => [kinds.filter((each) => each === kind).length, kind])
    .filter(([count, kind]) => count !== 0 || kind === "same")
    .map(([count, kind]) => `${count} ${kind}`)
    .join(", ");
}

/** @param {string} name of a target */
async function runOften(name) {
  const target = await TARGETS[name](name);
  const why = whyNot(target) ?? (await target.unavailable?.());
  if (why === undefined) {
    for (let turn = 0; turn < values.repeat; turn++) await runTarget(target);
    return;
  }
  say(`${name}: not run. ${why}`);
  // Who asks for a target, or for a whole table, wants to know; the others are run where they can be.
  if (values.target || values.parity) failures += 1;
}

/** Why a target cannot be run as it is asked for. @param {Target} target */
function whyNot({ foreign, isLocal }) {
  if (values.forceReplay && foreign) return "Its engine cannot be told to replay.";
  return values.ledger === undefined || isLocal ? undefined : "Its engine has no state in PostgreSQL.";
}

/** @param {Target} target */
async function runTarget(target) {
  const mine = scenarios.filter((scenario) => !reasonNotFor(scenario, target));
  try {
    await target.open(mine);
    const queue = scenarios.map((scenario, i) => ({ scenario, row: rows[i] }));
    await Promise.all(
      Array.from({ length: target.width ?? 1 }, async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const result = await judge(next.scenario, target);
          const before = next.row.results.get(target.name);
          if (!before || result.kind === "failed") next.row.results.set(target.name, result);
          if (result.kind !== "failed") continue;
          failures += 1;
          say(`FAILED ${target.name}: ${next.scenario.name}\n  ${result.text}`);
        }
      }),
    );
  } finally {
    await target.close();
  }
}

/**
 * @param {Scenario} scenario
 * @param {Target} target
 */
function reasonNotFor(scenario, target) {
  if (scenario.notFor?.[target.name]) return scenario.notFor[target.name];
  if (values.forceReplay && scenario.showsReplays) return scenario.showsReplays;
  return scenario[target.language] === undefined
    ? `only in ${target.language === "python" ? "JavaScript" : "Python"}`
    : "";
}

/**
 * @param {Scenario} scenario
 * @param {Target} target
 * @returns {Promise<Result>}
 */
async function judge(scenario, target) {
  const why = reasonNotFor(scenario, target);
  if (why) return { kind: "n.a.", text: why };
  const reason = scenario.differs?.[target.name];
  let outcome;
  try {
    outcome = await target.run(scenario, { forceReplay: values.forceReplay, ...states });
  } catch (error) {
    // A target that does not work is no difference, declared or not.
    return { kind: "failed", text: String(/** @type {Error} */ (error).stack ?? error) };
  }
  const updates = values.update && target.name === (values.target ?? ["javascript"])[0];
  if (updates && !scenario.logVaries) logs[scenario.name] = outcome.log;
  const found = differences(scenario, target, outcome, logs[scenario.name]);
  if (found.length === 0) {
    if (reason === undefined) return { kind: "same", text: "" };
    return { kind: "failed", text: `is declared to differ (${reason}), and does not` };
  }
  // "log: …" declares nothing about the outcome.
  const allowed = reason?.startsWith("log: ") ? found.every((line) => line.startsWith("log[")) : reason !== undefined;
  if (reason === undefined || !allowed) return { kind: "failed", text: found.join("\n  ") };
  return { kind: "differs", text: reason };
}

/**
 * What *read* gives; what it refuses ends the process.
 *
 * @template T
 * @param {() => Promise<T>} read
 * @returns {Promise<T>}
 */
async function understood(read) {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(error.message);
    return process.exit(2);
  }
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}
