/**
 * The parts of a state. Each instance and each queue belongs to one of them, by its name, and each part has at most one holder: the
 * engine that runs its instances, delivers its messages, and is the only one to write them. Several engines on one state hold different parts.
 */

/** How many values a hash of a name has. The slot of an instance is stored with it. */
const SLOTS = 4096;
/** How many parts a state has, and so the number of engines among which it can be divided. */
export const PARTS = 64;
export const SLOTS_IN_PART = SLOTS / PARTS;
export const ALL_PARTS = Array.from({ length: PARTS }, (_, part) => part);

/** The slot of an instance: FNV-1a over its name. @param {string} workflow @param {string} id */
export function slotOf(workflow, id) {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${workflow}\0${id}`)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % SLOTS;
}

/** @param {number} slot */
export function partOfSlot(slot) {
  return Math.floor(slot / SLOTS_IN_PART);
}

/** The part of an instance. @param {string} workflow @param {string} id */
export function partOf(workflow, id) {
  return partOfSlot(slotOf(workflow, id));
}

/** The workflow that stands for queues in the names of which parts are hashes: no workflow has this name. */
export const QUEUES = "";

/** The part of a queue. @param {string} key its name with the account's */
export function partOfQueue(key) {
  return partOf(QUEUES, key);
}

/**
 * How many parts an engine is to hold, so that all parts are held and the engines hold equally many. An engine that is idle holds
 * parts only as long as there is no other one.
 *
 * @param {number[]} engines ids of those that live and run instances
 * @param {number} engine
 */
export function shareOf(engines, engine) {
  if (engines.length === 0) return PARTS;
  const place = engines.toSorted((one, other) => one - other).indexOf(engine);
  if (place < 0) return 0;
  return Math.floor(PARTS / engines.length) + (place < PARTS % engines.length ? 1 : 0);
}
