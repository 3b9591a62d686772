/**
 * What Cloudflare's own Python SDK finds around it: the half of `upstream.py` that is objects of JavaScript's, as its runtime
 * gives them.
 */

/** @import { WireError } from "../../bridge/protocol.d.ts" */
/** @import { GuestFile } from "./interpreter.js" */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromWire, toWire } from "../../bridge/errors.js";
import { decode, encode } from "../../bridge/values.js";
import { Workflow } from "../javascript/binding.js";
import { writeFiles } from "./interpreter.js";

const DISTRIBUTION = /^workers_runtime_sdk-.*\.dist-info$/;
/** What its JavaScript is called by the SDK: as it would lie in a deployment. */
const MODULES = "python_modules/";

/** Where it stands in the interpreter. */
const PLACE = "/session/sdk";

/** The SDK tells a binding of a workflow by the name of its class. */
class WorkflowImpl extends Workflow {}

/**
 * Put the SDK that is installed in `folder` into an interpreter.
 *
 * @param {any} pyodide
 * @param {string} folder a `site-packages`
 */
export function openUpstream({ FS }, folder) {
  writeFiles(FS, PLACE, sdkFiles(folder));
  return { host: new Upstream(folder), restore: asPythonError };
}

/**
 * The files of the SDK that is installed in `folder`.
 *
 * @param {string} folder a `site-packages`
 * @returns {GuestFile[]}
 */
function sdkFiles(folder) {
  const info = readdirSync(folder).find((name) => DISTRIBUTION.test(name));
  if (!info) throw new Error(`workers-runtime-sdk is not installed in ${folder}.`);
  return readFileSync(join(folder, info, "RECORD"), "utf8")
    .split("\n")
    .map((line) => line.split(",")[0])
    .filter((path) => path && !path.startsWith("..") && !path.endsWith(".pyc"))
    .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
}

class Upstream {
  place = PLACE;
  /** @type {Record<string, unknown>} */
  env = {};
  sockets = {
    connect() {
      throw new Error("There are no sockets here.");
    },
  };

  #folder;
  /** @type {(workflow: string, options: string, settle: (outcome: string, text: string | undefined) => void) => void} */
  #call = () => {};

  /** What `env` has for bindings that the host answers. @type {object} */
  #facades = {};

  /** @param {string} folder in which the SDK is installed */
  constructor(folder) {
    this.#folder = folder;
  }

  /** @param {any} call a proxy of the function that makes the calls of bindings; it lives as long as the interpreter */
  connect(call) {
    this.#call = call.copy();
  }

  /** @param {object} facades what `env` has for bindings that the host answers, from the next `bind` on */
  setFacades(facades) {
    this.#facades = facades;
  }

  /**
   * @param {string} variables canonical text
   * @param {string} bindings JSON: names of workflows by the names that `env` has for them
   */
  bind(variables, bindings) {
    for (const name of Object.keys(this.env)) delete this.env[name];
    Object.assign(this.env, this.#facades, decode(variables));
    const find = () => /** @type {any} */ ({ call: this.#callBinding.bind(this) });
    for (const [name, workflow] of Object.entries(JSON.parse(bindings))) {
      this.env[name] = new WorkflowImpl(workflow, name, find);
    }
  }

  /**
   * @param {string} workflow
   * @param {string} method
   * @param {object} args
   * @returns {Promise<string | undefined>} canonical text
   */
  #callBinding(workflow, method, args) {
    return new Promise((resolve, reject) => {
      this.#call(workflow, JSON.stringify({ method, args }), (outcome, text) => {
        if (outcome === "value") resolve(text);
        else reject(fromWire(JSON.parse(text ?? "{}")));
      });
    });
  }

  /**
   * A module of JavaScript's.
   *
   * @param {string} name
   */
  async import(name) {
    if (!name.startsWith(MODULES)) throw new Error(`No such module "${name}".`);
    // Its folder does not say that it is an ES module; a URL that holds the text does.
    const text = readFileSync(join(this.#folder, name.slice(MODULES.length)), "utf8");
    return await import(`data:text/javascript,${encodeURIComponent(text)}`);
  }

  /**
   * What `run` is given.
   *
   * @param {string} event JSON
   * @param {string} payload canonical text
   */
  event(event, payload) {
    const { timestamp, ...rest } = JSON.parse(event);
    return { payload: decode(payload), timestamp: new Date(timestamp), ...rest };
  }

  /** @param {unknown} output what `run` has given */
  encode(output) {
    return encode(output, "output");
  }

  /** @param {unknown} error */
  wire(error) {
    return JSON.stringify(toWire(error));
  }
}

/**
 * An error as the SDK expects it: one that was Python's comes as Pyodide's `PythonError`, whose message is a traceback.
 *
 * @param {WireError} wire
 */
function asPythonError(wire) {
  const error = fromWire(wire);
  if (wire.type === undefined || wire.name === "NonRetryableError") return error;
  const { name, message, traceback = `${name}: ${message}` } = wire;
  const text = traceback.includes("\n") ? traceback : `Traceback (most recent call last):\n${traceback}`;
  for (const [key, value] of Object.entries({ name: "PythonError", message: `${text}\n` })) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return error;
}
