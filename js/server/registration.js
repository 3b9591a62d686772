/** Registers the workflows of deployments with the engine. */

/** @import { Engine } from "../engine/engine.js" */
/** @import { Access } from "./auth/access.js" */
/** @import { Deployment } from "./deployment.js" */
/** @import { DeploymentLoader } from "./deployment_loader.js" */
/** @import { Loaded } from "./guests.js" */
/** @import { Objects } from "./objects/objects.js" */
/** @import { Serving, Servings } from "./serving/serving.js" */

import { workflowKey } from "../engine/accounts.js";
import { toRetention } from "../engine/creation.js";
import { WorkflowError } from "../engine/errors.js";
import { workflowNameProblem } from "../engine/names.js";
import { isFinalStatus } from "../engine/status.js";
import { scriptNameOf } from "./api/json.js";
import { retentionOf } from "./api/operations/instances.js";
import { workerName } from "./serving/serving.js";

/**
 * @typedef {import("zod").infer<typeof import("./control_schemas.js").deployment> & { varsText?: string }} DeployRequest
 * @typedef {{ name: string, class_name: string, input_schema?: object }} DeployedWorkflow `input_schema`: the JSON schema of payloads
 */

export class Registration {
  #engine;
  #deployments;
  #access;
  #objects;
  #servings;
  #allowsObjects;

  /**
   * @param {Engine} engine
   * @param {DeploymentLoader} deployments
   * @param {Access} access
   * @param {Objects} objects
   * @param {Pick<Servings, "mainOfWorkflow">} servings
   * @param {{ allowsObjects?: boolean }} [options] whether the state is where the files of Durable Objects can be beside it
   */
  constructor(engine, deployments, access, objects, servings, { allowsObjects = true } = {}) {
    this.#allowsObjects = allowsObjects;
    this.#servings = servings;
    this.#engine = engine;
    this.#deployments = deployments;
    this.#access = access;
    this.#objects = objects;
  }

  /**
   * Load a deployment and register its workflows.
   *
   * @param {DeployRequest} request
   * @returns {Promise<DeployedWorkflow[]>}
   */
  async deploy(request) {
    const { workflows } = await this.deployWorker(request);
    if (workflows.length > 0) return workflows;
    throw new WorkflowError(
      "deployment.no_workflow",
      `${request.main} has no workflow: no class in it extends WorkflowEntrypoint.`,
    );
  }

  /**
   * End what was loaded of a deployment that another has taken the place of.
   *
   * @param {DeployRequest} request
   * @param {DeployRequest} replacement
   */
  async release(request, replacement) {
    await this.#deployments.release(request, replacement);
  }

  /**
   * Load a deployment, which may have handlers only, and register its workflows.
   *
   * @param {DeployRequest} request
   * @param {{ hasAssets?: boolean, signal?: AbortSignal, serving?: Serving }} [options] `hasAssets`: it need not have anything
   *   else; `signal` ends an import that still runs; `serving` serves it
   * @returns {Promise<import("./serving/serving.js").Deployed>}
   */
  async deployWorker({ workflows, script_name, ...rest }, { hasAssets = false, signal, serving } = {}) {
    const deployment = { ...rest, scriptName: script_name ?? null };
    /** @param {string[]} classes @returns {NonNullable<typeof workflows>} */
    const wantedOf = (classes) => workflows ?? classes.map((name) => ({ name, class_name: name, schedules: [] }));
    const {
      classes,
      schemas = {},
      worker,
    } = await this.#load(deployment, {
      signal,
      check: async (loaded) => {
        this.#checkExports(loaded, deployment, hasAssets);
        await this.#checkWorkflows(wantedOf(loaded.classes), loaded.classes, deployment, serving);
      },
    });
    const script = { account: deployment.account, script: this.#deployments.rows.scriptOf(deployment) };
    for (const className of worker.handlers.objects) await this.#objects.openNamespace(script, className);
    const wanted = wantedOf(classes);
    for (const { name, class_name, limits, concurrency, default_retention, schedules } of wanted) {
      const row = this.#deployments.rows.toRow(deployment, {
        name,
        className: class_name,
        stepLimit: limits?.steps,
        concurrency: concurrency?.limit,
        retention: toRetention(retentionOf(default_retention)),
      });
      await this.#engine.saveWorkflow({ ...row, schedules });
    }
    this.#access.addAccount(deployment.account);
    // Whoever deploys wants things to run, also when a management command happened to open the state first.
    this.#engine.activate();
    const registered = wanted.map(({ name, class_name }) => ({
      name,
      class_name,
      ...(schemas[class_name] && { input_schema: schemas[class_name] }),
    }));
    return { name: workerName({ script_name, main: deployment.main }), workflows: registered, worker };
  }

  /**
   * @param {Loaded} loaded
   * @param {Deployment} deployment
   * @param {boolean} hasAssets it need not have anything else
   * @throws {WorkflowError}
   */
  #checkExports({ classes, worker }, { main }, hasAssets) {
    const { objects } = worker.handlers;
    if (!this.#allowsObjects && objects.length > 0)
      throw new WorkflowError(
        "deployment.objects",
        `${main} has Durable Objects (${objects.join(", ")}). They keep files on one machine, so a state in PostgreSQL cannot have them. Give the path of a file with --state.`,
      );
    const isEmpty = classes.length === 0 && worker.isEmpty && objects.length === 0;
    if (isEmpty && !hasAssets)
      throw new WorkflowError(
        "deployment.no_workflow",
        `${main} has no workflow: no class in it extends WorkflowEntrypoint. It has no handler either.`,
      );
    if (classes.length === 0 && worker.refusal !== undefined && !hasAssets)
      throw new WorkflowError("deployment.no_workflow", `${main} has handlers and no workflow. ${worker.refusal}`);
  }

  /**
   * @param {NonNullable<DeployRequest["workflows"]>} wanted
   * @param {string[]} classes
   * @param {Deployment & { account: string }} deployment
   * @param {Serving | undefined} serving
   * @throws {WorkflowError}
   */
  async #checkWorkflows(wanted, classes, deployment, serving) {
    for (const { name, class_name, schedules } of wanted) {
      const problem = workflowNameProblem(name);
      // Configuration has been checked before: this is the name of a class.
      if (problem)
        throw new WorkflowError("workflow.invalid_name", `The workflow name of class ${class_name} ${problem}.`);
      if (!classes.includes(class_name)) {
        const found = classes.join(", ") || "none";
        throw new WorkflowError(
          "deployment.no_class",
          `Workflow '${name}' has no class ${class_name} in ${deployment.main}. Found: ${found}.`,
        );
      }
      const key = workflowKey(deployment.account, name);
      await this.#refuseConflict(key, deployment, serving);
      await this.#engine.checkSchedules(key, schedules);
    }
  }

  /**
   * Change a workflow's settings, until it is deployed again; or add one for another class of a script that is deployed.
   *
   * @param {string} account
   * @param {string} name
   * @param {import("zod").infer<typeof import("./api/schemas.js").updateWorkflow>} settings
   */
  async updateWorkflow(account, name, { class_name, script_name, ...settings }) {
    const key = workflowKey(account, name);
    const all = await this.#engine.workflows(account);
    const scripts = all.filter((row) => scriptNameOf(row) === script_name);
    const template = scripts.find((row) => row.name === key) ?? scripts[0];
    if (!template) {
      const known = [...new Set(all.map(scriptNameOf))].join(", ") || "none";
      throw new WorkflowError(
        "workflow.not_found",
        `Script '${script_name}' is not deployed. Deployed: ${known}.`,
        10200,
      );
    }
    const deployment = this.#deployments.rows.deploymentOf(template);
    const { classes } = await this.#load(deployment);
    if (!classes.includes(class_name))
      throw new WorkflowError(
        "deployment.no_class",
        `Script '${script_name}' has no class ${class_name}. Found: ${classes.join(", ")}.`,
      );
    await this.#refuseConflict(key, deployment);
    const row = this.#deployments.rows.toRow(deployment, {
      name,
      className: class_name,
      stepLimit: settings.limits?.steps,
      concurrency: settings.concurrency?.limit,
      retention: toRetention(retentionOf(settings.default_retention)),
    });
    const schedules = settings.schedules?.map(({ cron: expression }) => expression) ?? [];
    await this.#engine.saveWorkflow({ ...row, schedules });
    return this.#engine.workflow(key);
  }

  /** @param {Deployment} deployment @param {{ check?: (loaded: Loaded) => Promise<void>, signal?: AbortSignal | undefined }} [options] */
  async #load(deployment, options = {}) {
    try {
      return await this.#deployments.load(deployment, options);
    } catch (error) {
      if (error instanceof WorkflowError) throw error;
      const { message, traceback, during } = /** @type {Error & { traceback?: string, during?: string }} */ (error);
      if (during === "start") throw new WorkflowError("deployment.no_interpreter", message);
      if (traceback === undefined && during !== "import") throw error;
      throw Object.assign(new WorkflowError("deployment.import_failed", message), { traceback });
    }
  }

  /**
   * The same name for another program would let that program continue this one's instances, and run the new instances of a
   * project that is served.
   *
   * @param {string} name
   * @param {Deployment} deployment
   * @param {Serving} [serving] serves the deployment
   */
  async #refuseConflict(name, deployment, serving) {
    const served = this.#servings.mainOfWorkflow(name, serving);
    if (served !== undefined && served !== deployment.main)
      throw new WorkflowError(
        "deployment.conflict",
        `Workflow '${name}' of this state is served from ${served}. Use another --state, or stop the command that serves it first.`,
      );
    const known = (await this.#engine.workflows()).find((workflow) => workflow.name === name);
    if (!known) return;
    const { main } = this.#deployments.rows.deploymentOf(known);
    const counts = await this.#engine.countByStatus(name);
    const unfinished = Object.entries(counts).filter(([status]) => !isFinalStatus(status));
    const number = unfinished.reduce((sum, [, count]) => sum + count, 0);
    if (main !== deployment.main && number > 0) {
      throw new WorkflowError(
        "deployment.conflict",
        `Workflow '${name}' of this state belongs to ${main} and has ${number} unfinished instance(s). Use another --state, or finish or delete them first.`,
      );
    }
  }
}
