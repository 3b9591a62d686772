/** Whatever a process sends, it is read, or breaks the protocol. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { unpackBatch } from "../../bridge/batch.js";
import { FrameReader } from "../../runtime/process/frames.js";
import { cases, Chance, SEED } from "./random.js";

test(`batches and frames of a process, changed at random (STEPWELL_SEED=${SEED})`, () => {
  const chance = new Chance("frames");
  const batch = Buffer.from('[{"type":"do","pass":1,"ref":1,"name":"a","count":1}]\n"value"\n');

  for (let i = cases(0.15); i > 0; i--) {
    const bytes = chance.changedBytes(batch);
    for (const read of [
      () => new FrameReader().read(Buffer.from(bytes)),
      () => unpackBatch(bytes.toString("latin1")),
    ]) {
      try {
        read();
      } catch (error) {
        // The pool takes any error of these for a guest that has broken the protocol.
        assert.ok(error instanceof Error);
      }
    }
  }
});
