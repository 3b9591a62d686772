/**
 * The audit log: who changed what, and what came of it. An entry is written with the change, before its outcome is known; one
 * that has no outcome was cut by a crash.
 */

/** @import { AuditEntry, AuditRow } from "../../store/access_rows.d.ts" */
/** @import { CodeChange } from "../../engine/binding.js" */
/** @import { Caller } from "./caller.js" */

/** A longer detail is cut. */
const MAX_DETAIL_CHARACTERS = 4096;

/**
 * @typedef {object} AuditStorage
 * @property {(entry: AuditEntry) => number} begun its number; durable with the next commit
 * @property {(number: number, outcome: string) => void} ended
 */

export class Audit {
  #storage;
  #now;

  /** @param {AuditStorage} storage @param {() => number} now */
  constructor(storage, now) {
    this.#storage = storage;
    this.#now = now;
  }

  /**
   * Carry out *change*, which is written to the log.
   *
   * @template T
   * @param {Caller} caller
   * @param {{ action: string, workflow?: string, instance?: string, detail?: unknown }} what
   * @param {() => Promise<T>} change
   * @returns {Promise<T>}
   */
  async record({ name: actor }, { action, workflow, instance, detail }, change) {
    const number = this.#storage.begun({
      at: this.#now(),
      actor,
      action,
      workflow: workflow ?? null,
      instance: instance ?? null,
      detail: detail === undefined ? null : detailText(detail),
    });
    try {
      const result = await change();
      this.#storage.ended(number, "done");
      return result;
    } catch (error) {
      const { reason, message } = /** @type {any} */ (error);
      this.#storage.ended(number, `refused: ${reason ?? message}`);
      throw error;
    }
  }

  /**
   * Carry out what the code of an instance changes.
   *
   * @template T
   * @param {CodeChange} change
   * @param {() => Promise<T>} carryOut
   * @returns {Promise<T>}
   */
  recordCode({ caller, instance, ...change }, carryOut) {
    const name = nameOfCode(caller);
    return this.record(
      { name, reader: name },
      { ...change, ...(instance === undefined ? {} : { instance }) },
      carryOut,
    );
  }
}

/** @param {unknown} detail */
function detailText(detail) {
  const text = JSON.stringify(detail);
  return text.length <= MAX_DETAIL_CHARACTERS ? text : JSON.stringify({ cut: text.slice(0, MAX_DETAIL_CHARACTERS) });
}

/** `SqliteAccess` tells entries of code from those of people by this name. @param {CodeChange["caller"]} caller */
function nameOfCode(caller) {
  if ("worker" in caller) return `handler of Worker ${caller.worker}`;
  return `instance ${caller.id} of workflow ${caller.workflow}`;
}
