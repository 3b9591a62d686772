/** Answers what the code of a deployment asks of the host: workflows, other Workers, and bindings that others carry out. */

/** @import { EnvBinding, CallPath } from "../../runtime/handlers/facades.js" */
/** @import { HandlerPort } from "../../runtime/handlers/port.js" */
/** @import { BindingCall, PackedValue } from "../../runtime/handlers/protocol.d.ts" */
/** @import { CallOptions, Worker } from "./worker.js" */

import { fromWire } from "../../bridge/errors.js";
import { decode } from "../../bridge/values.js";
import { packValue, unpackValue } from "../../runtime/handlers/packing.js";
import { HandlerError } from "./errors.js";

/** A deployment that waits for so many answers of Workers calls no other. One that calls itself without end would fill the memory. */
const MAX_UNANSWERED = 5000;

/**
 * @typedef {object} HostServices
 * @property {(service: string) => Promise<Worker>} findWorker the Worker of that name, which code of this deployment may call
 * @property {() => Worker} own the deployment's
 * @property {(workflow: string, method: string, args: object) => Promise<string | undefined>} callWorkflow gives canonical text
 * @property {(binding: string, spec: Extract<EnvBinding, { kind: "host" }>, path: CallPath) => Promise<unknown>} callBinding
 */

/**
 * @param {Record<string, EnvBinding>} env
 * @param {HostServices} services
 * @returns {(call: BindingCall, port: HandlerPort) => Promise<object>}
 */
export function answerBindingCalls(env, services) {
  let unanswered = 0;
  return async (call, port) => {
    if (call.what === "workflow") {
      const text = await services.callWorkflow(call.workflow, call.method, call.args);
      return text === undefined ? {} : { text };
    }
    const path = call.path.map(
      ([method, args]) => /** @type {[string, unknown[]]} */ ([method, args.map((arg) => unpackValue(arg, port))]),
    );
    const isOfWorker = call.what === "exports" || env[call.binding]?.kind === "service";
    if (isOfWorker && unanswered >= MAX_UNANSWERED)
      throw new Error(
        `The Worker waits for ${MAX_UNANSWERED} answers of Workers, and calls no other. Does it call itself without end?`,
      );
    if (isOfWorker) unanswered += 1;
    try {
      const value = await (call.what === "exports"
        ? callExport(call, path, services)
        : callBinding(call.binding, path, env, services));
      return { value: (await packValue(value, "the answer", port)).packed };
    } finally {
      if (isOfWorker) unanswered -= 1;
    }
  };
}

/** @param {Extract<BindingCall, { what: "exports" }>} call @param {CallPath} path @param {HostServices} services */
async function callExport({ entrypoint, props }, path, services) {
  return await callWorker(services.own(), path, {
    ...(entrypoint === "default" ? {} : { entrypoint }),
    ...(props === undefined ? {} : { props: decode(props) }),
  });
}

/** @param {string} name @param {CallPath} path @param {Record<string, EnvBinding>} env @param {HostServices} services */
async function callBinding(name, path, env, services) {
  const spec = env[name];
  if (spec?.kind === "host") return await services.callBinding(name, spec, path);
  if (spec?.kind !== "service") throw new Error(`There is no binding ${name}.`);
  const { service, entrypoint, props } = spec;
  return await callWorker(await services.findWorker(service), path, {
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(props === undefined ? {} : { props }),
  });
}

/** @param {Worker} worker @param {CallPath} path @param {CallOptions} options */
async function callWorker(worker, [[method, args], ...rest], { entrypoint, ...options }) {
  if (rest.length > 0) throw new Error(`${method}() of a Worker gives a value: nothing of it can be called.`);
  try {
    if (method === "fetch")
      return await worker.fetch(/** @type {Request} */ (args[0]), {
        ...options,
        ...(entrypoint === undefined ? {} : { entrypoint }),
      });
    return await worker.call(entrypoint, method, args, options);
  } catch (error) {
    // The caller catches the error of the user's own class.
    throw error instanceof HandlerError && error.wire ? fromWire(error.wire) : error;
  }
}
