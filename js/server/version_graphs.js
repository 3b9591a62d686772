/**
 * The graphs of workflows' versions, read from their sources.
 *
 * A state keeps no sources. So a version has a graph while its sources are on the disk, and afterwards where its graph has
 * been read before.
 */

/** @import { Graph } from "../graph/graph.d.ts" */
/** @import { VersionRow, WorkflowRow } from "../store/store.d.ts" */
/** @import { DeploymentLoader } from "./deployment_loader.js" */

import { relative } from "node:path";
import { readGraph } from "../graph/read_graph.js";

const MAX_GRAPHS = 100;

export class VersionGraphs {
  #deployments;
  #read;
  /** By workflow, class and version, the one that was asked for last at the end. @type {Map<string, Promise<Graph | null>>} */
  #graphs = new Map();
  /** Sources are read one after the other: each takes a process. @type {Promise<unknown>} */
  #lastRead = Promise.resolve();

  /**
   * @param {Pick<DeploymentLoader, "sourceOf">} deployments
   * @param {typeof readGraph} [read]
   */
  constructor(deployments, read = readGraph) {
    this.#deployments = deployments;
    this.#read = read;
  }

  /** Whether `graphOf` gives a graph. @param {WorkflowRow} workflow @param {VersionRow} version */
  has(workflow, version) {
    return this.#graphs.has(keyOf(version)) || this.#deployments.sourceOf(workflow, version) !== undefined;
  }

  /**
   * The graph of a version. Where its sources cannot be drawn, the graph has a node that says why.
   *
   * @param {WorkflowRow} workflow
   * @param {VersionRow} version
   * @returns {Promise<Graph | null>} null: its sources are gone
   */
  async graphOf(workflow, version) {
    const key = keyOf(version);
    const graph = this.#graphs.get(key) ?? this.#readNext(workflow, version);
    this.#graphs.delete(key);
    this.#graphs.set(key, graph);
    for (const oldest of this.#graphs.keys()) {
      if (this.#graphs.size <= MAX_GRAPHS) break;
      this.#graphs.delete(oldest);
    }
    const found = await graph;
    if (found === null && this.#graphs.get(key) === graph) this.#graphs.delete(key);
    return found;
  }

  /** @param {WorkflowRow} workflow @param {VersionRow} version @returns {Promise<Graph | null>} */
  #readNext(workflow, version) {
    const graph = this.#lastRead.then(() => this.#readNow(workflow, version));
    this.#lastRead = graph;
    return graph;
  }

  /** @param {WorkflowRow} workflow @param {VersionRow} version */
  async #readNow(workflow, version) {
    const source = this.#deployments.sourceOf(workflow, version);
    if (source === undefined) return null;
    const { root, main } = source;
    const { className } = version;
    const { graph } = await this.#read({ root, main: relative(root, main), className }).catch(() => ({ graph: null }));
    // What was read while the sources changed is the graph of neither version.
    return this.#deployments.sourceOf(workflow, version) === undefined ? null : graph;
  }
}

/** @param {VersionRow} version */
function keyOf({ workflow, className, id }) {
  return JSON.stringify([workflow, className, id]);
}
