/** A guest process that is none: it does as the protocol says until a pass starts, and then what its argument says. */

import { createReadStream, createWriteStream } from "node:fs";
import { FrameReader, MAX_FRAME_BYTES, toFrame } from "../../../runtime/process/frames.js";

const [, , how] = process.argv;
const reader = new FrameReader();
const out = createWriteStream("", { fd: 3 });
const say = (/** @type {any} */ message) => out.write(toFrame(message));
const batch = (/** @type {object[]} */ messages, /** @type {string[]} */ ...values) =>
  say([JSON.stringify(messages), ...values].join("\n"));
const head = (/** @type {string} */ kind, /** @type {number} */ length) => {
  const bytes = Buffer.alloc(5);
  bytes.write(kind);
  bytes.writeUInt32LE(length, 1);
  out.write(bytes);
};

/** What it says, given the number of its pass. @type {Record<string, (pass: number) => void>} */
const VIOLATIONS = {
  noise: () => out.write("this is no frame at all"),
  oversized: () => head("B", MAX_FRAME_BYTES + 1),
  unfinished: () => head("B", 100),
  "not UTF-8": () => {
    head("B", 2);
    out.write(Buffer.from([0xff, 0xfe]));
  },
  "not JSON": () => say("{"),
  "no list": () => say('{"type":"end"}'),
  "no message": () => batch([/** @type {any} */ (null)]),
  "unknown type": (pass) => batch([{ type: "pay", pass }]),
  "unknown pass": (pass) => batch([{ type: "end", pass: pass + 1, value: 1 }], "1"),
  "unknown ref": (pass) => batch([{ type: "done", pass, ref: 7, attempt: 1, value: 1 }], "1"),
  "unknown attempt": (pass) =>
    batch(
      [
        { type: "do", pass, ref: 1, name: "a", count: 1, started: true },
        { type: "done", pass, ref: 1, attempt: 2, value: 1 },
      ],
      "1",
    ),
  "a ref twice": (pass) => batch([1, 1].map((ref) => ({ type: "sleep", pass, ref, name: "a", count: 1, duration: 1 }))),
  "an unknown field": (pass) => batch([{ type: "do", pass, ref: 1, name: "a", count: 1, admin: true }]),
  "no value": (pass) => batch([{ type: "end", pass, value: 5 }], "1"),
  "a value that is no JSON": (pass) => batch([{ type: "end", pass, value: 1 }], "{"),
  "a value of an unknown kind": (pass) => batch([{ type: "end", pass, value: 1 }], '{"$":"function","v":"x"}'),
  "a name that is none": (pass) => batch([{ type: "do", pass, ref: 1, name: {}, count: 1 }]),
  "an error that is none": (pass) => batch([{ type: "fail", pass, error: { name: 3 } }]),
  "a level that is none": (pass) => batch([{ type: "log", pass, level: "loud", text: "" }]),
};

createReadStream("", { fd: 3 }).on("data", (piece) => {
  for (const message of reader.read(/** @type {Buffer} */ (piece))) answer(/** @type {any} */ (message));
});

/** @param {any} message */
function answer(message) {
  if (message.type === "boot") say({ type: "ready" });
  else if (message.type === "ping") say({ type: "pong" });
  else if (message.type === "load") say({ type: "loaded", text: '{"classes":["Any"],"output":[]}' });
  else if (typeof message === "string") {
    for (const { type, pass } of JSON.parse(message.split("\n")[0])) {
      if (type !== "start") continue;
      // What was said before in good order counts.
      batch([{ type: "log", pass, level: "stdout", text: "before" }]);
      VIOLATIONS[how](pass);
      if (how === "unfinished") out.end(() => process.exit());
    }
  }
}
