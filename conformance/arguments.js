/** The command line of the suite. Whatever is wrong with it ends the process with 2, before anything has run. */

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { ALIASES, TARGETS } from "./targets/index.js";

/** What the command line, or a file that it names, asks for and cannot be had. */
export class UsageError extends Error {}

/**
 * @param {string[]} args
 * @throws {UsageError}
 */
export function readArguments(args) {
  const options = parse(args);
  const target = options.target?.map(targetOf);
  const without = options.without?.map(targetOf);
  if (!/^[1-9]\d*$/.test(options.repeat)) {
    throw new UsageError(`--repeat takes a whole number from 1, not ${JSON.stringify(options.repeat)}.`);
  }
  if (options.scenarios && (options.update || options.parity !== undefined)) {
    throw new UsageError("--update and --parity are for the suite's own scenarios, not for those of --scenarios.");
  }
  if (options.parity !== undefined && options.filter !== "") {
    throw new UsageError("--parity writes whole columns: it does not go with -k.");
  }
  for (const path of [options.parity, options.page]) {
    if (path !== undefined && !existsSync(path)) throw new UsageError(`There is no file ${JSON.stringify(path)}.`);
  }
  if (options.page !== undefined && options.parity === undefined) {
    throw new UsageError("--page summarizes the file of --parity: give both.");
  }
  const forceReplay = options["force-replay"];
  if (forceReplay && (options.update || options.parity !== undefined)) {
    throw new UsageError("--force-replay compares with what is expected: it does not go with --update or --parity.");
  }
  return { ...options, target, without, repeat: Number(options.repeat), forceReplay };
}

/** @param {string} name one of a target, or another that it has */
function targetOf(name) {
  const target = ALIASES[name] ?? name;
  if (Object.hasOwn(TARGETS, target)) return target;
  const aliases = Object.entries(ALIASES).map(([alias, each]) => `, ${alias} (which is ${each})`);
  throw new UsageError(
    `There is no target ${JSON.stringify(name)}. There are ${Object.keys(TARGETS).join(", ")}${aliases.join("")}.`,
  );
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        target: { type: "string", multiple: true },
        without: { type: "string", multiple: true },
        filter: { type: "string", short: "k", default: "" },
        scenarios: { type: "string", multiple: true },
        update: { type: "boolean", default: false },
        parity: { type: "string" },
        page: { type: "string" },
        repeat: { type: "string", default: "1" },
        "force-replay": { type: "boolean", default: false },
        ledger: { type: "string" },
        quiet: { type: "boolean", short: "q", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}
