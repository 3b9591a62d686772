/** Which code the workflows of a page run, and the guests that run it. */

/** @import { WorkflowRow } from "../../store/store.d.ts" */
/** @import { ProjectStore, Source } from "../../store/project.js" */

import { WorkflowError } from "../../engine/errors.js";
import { BrowserGuest } from "../../../runtime/browser/pool.js";
import { NO_MODULE } from "../remedy.js";

/** Where the interpreter has the project's files: tracebacks show it. */
export const ROOT = "/project";

/** @typedef {{ guest: BrowserGuest, classes: string[], output: { level: string, text: string }[] }} Loaded */

export class Deployments {
  #project;
  /** By version. @type {Map<string, Promise<Loaded>>} */
  #loaded = new Map();
  /** Those that are loading included. @type {Map<string, BrowserGuest>} */
  #guests = new Map();

  /** @param {ProjectStore} project */
  constructor(project) {
    this.#project = project;
  }

  /**
   * Load the code into an interpreter, once for the same version.
   *
   * @param {Source} source
   */
  async load(source) {
    const versionId = await versionOf(source);
    let loaded = this.#loaded.get(versionId);
    if (!loaded) {
      loaded = this.#start(versionId, source);
      this.#loaded.set(versionId, loaded);
      // A failure is not remembered: what an import has asked for may be there next time.
      loaded.catch(() => this.#loaded.delete(versionId));
    }
    return { versionId, ...(await loaded) };
  }

  /** @param {WorkflowRow} workflow */
  async guestFor({ name, versionId }) {
    const loaded = this.#loaded.get(versionId);
    if (loaded) return (await loaded).guest;
    const source = this.#project.loadVersion(versionId);
    if (!source) {
      throw new WorkflowError("deployment.not_found", `The files of workflow '${name}' are gone. Deploy it again.`);
    }
    return (await this.load(source)).guest;
  }

  /**
   * Let go of the interpreters whose version no workflow has any more. Passes that are still there go on elsewhere.
   *
   * @param {Set<string>} inUse
   */
  retire(inUse) {
    for (const [versionId, guest] of this.#guests) if (!inUse.has(versionId)) this.#drop(versionId, guest);
  }

  /** End all interpreters where they stand, as a crash does. */
  crash() {
    for (const guest of this.#guests.values()) guest.kill("The interpreter was ended on request.");
  }

  /** How many interpreters there are. */
  stats() {
    return [...this.#guests.values()].map((guest) => guest.stats());
  }

  /** @param {string} versionId @param {BrowserGuest} guest */
  #drop(versionId, guest) {
    this.#guests.delete(versionId);
    this.#loaded.delete(versionId);
    guest.kill("Its code has been deployed anew.");
    void guest.dispose();
  }

  /** @param {string} versionId @param {Source} source @returns {Promise<Loaded>} */
  async #start(versionId, { files, main }) {
    const guest = guestOf({ files, main });
    this.#guests.set(versionId, guest);
    try {
      return { guest, ...(await guest.load()) };
    } catch (error) {
      this.#guests.delete(versionId);
      await guest.dispose();
      throw error;
    }
  }
}

/** A guest that runs the code. @param {Source} source */
export function guestOf({ files, main }) {
  const place = { root: ROOT, main: `${ROOT}/${main}`, vars: {}, bindings: null };
  return new BrowserGuest({ deployment: { ...place, files, remedy: NO_MODULE } });
}

/**
 * A name for what the files say now.
 *
 * @param {Source} source
 */
async function versionOf({ files, main }) {
  const text = JSON.stringify([main, Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest).subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
