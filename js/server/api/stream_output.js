/** The bytes of a stream that a step has given, read chunk by chunk while they are sent. */

/** @import { Engine } from "../../engine/engine.js" */

import { decode } from "../../../bridge/values.js";

/** @typedef {{ name: string, count: number, chunks: number }} Stored */

/**
 * @param {string} value canonical text
 * @returns {Stored | undefined} where the value is a stream
 */
export function streamOf(value) {
  return value.startsWith('{"$":"stream"') ? JSON.parse(value).v : undefined;
}

/**
 * @param {Engine} engine
 * @param {number} number of the instance
 * @param {Stored} stream
 * @returns {ReadableStream<Uint8Array>} errors where a chunk is missing
 */
export function chunksOf(engine, number, { name, count, chunks }) {
  let place = 0;
  return new ReadableStream({
    async pull(controller) {
      if (place === chunks) return controller.close();
      const chunk = await engine.chunk(number, { name, count }, place);
      if (chunk === undefined) throw new Error(`Stored output for ${name}-${count} is corrupt or incomplete.`);
      place += 1;
      controller.enqueue(/** @type {Uint8Array} */ (decode(chunk)));
    },
  });
}
