import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { Engine } from "../engine.js";
import { PLACES, openGuest } from "../guest.js";
import { useEngine } from "../real.js";

const root = fileURLToPath(new URL("../javascript/flows", import.meta.url));
const GUESTS = [
  ...PLACES.map(({ where, runtime, transport, besideJs }) => ({
    name: `Python ${where}`,
    besideJs,
    openStreams: () => openGuest("streams.py", { runtime, transport }),
  })),
  {
    name: "JavaScript",
    besideJs: true,
    openStreams: () => new JavaScriptGuest({ deployment: { root, main: `${root}/streams.js`, vars: {} }, isolates: 1 }),
  },
];

for (const { name, openStreams, besideJs } of GUESTS) {
  describe(`byte streams in ${name}`, () => {
    const real = useEngine(openStreams());
    const inJavaScript = name === "JavaScript";

    test("a stream of bytes is kept in chunks, over attempts and replays, and read as often as one likes", async () => {
      const { output, error, steps } = await real.run("Streams");

      assert.equal(error, null);
      const chunk = 256 * 1024;
      const sizes = [chunk, chunk, chunk, 1_000_000 - 3 * chunk];
      assert.deepEqual(output, [sizes, true, 1_000_000, "grüße", "[Uint8Array(0 bytes)]"]);
      const [large, , text] = steps;
      assert.equal(large.attempts.length, 2);
      assert.match(large.output, /^\0{1024}\[truncated output\]$/);
      assert.equal(text.output, "grüße");
    });

    for (const [kind, problem] of [
      ["text", `It gave a chunk that is a ${inJavaScript ? "string" : "str"}; chunks have to be bytes.`],
      ["large", "It gave a chunk of 17825792 bytes; the limit is 16777216."],
    ]) {
      test(`a stream with a chunk that is ${kind} fails the step at once, and leaves nothing behind`, async () => {
        const { error, steps } = await real.run("Wrong", { kind });

        assert.equal(error?.message, `Step "wrong" returned an invalid ReadableStream output. ${problem}`);
        assert.equal(steps[0].attempts.length, 1);
      });
    }

    test("a stream is handed on to other steps, and to a rollback handler", async () => {
      const { error, steps, logs } = await real.run("HandedOn");

      assert.equal(error?.message, "handed on");
      assert.deepEqual(
        steps.map(({ name, type, success, output }) => [name, type, success, output]),
        [
          ["first-1", "step", true, "handed on"],
          ["second-1", "step", true, "handed on"],
          ["first-1", "rollback", true, null],
        ],
      );
      assert.deepEqual(
        logs.map(({ text }) => text),
        ["handed on"],
      );
    });

    test("a stream that outlasts the step's timeout is cancelled, and keeps the pass from nothing", async () => {
      const id = await real.engine.creator.create("Slow", {});
      await real.until("Slow", id, (status) => status === "waiting");
      await real.engine.commands.sendEvent("Slow", id, "go", "{}");

      assert.deepEqual((await real.end("Slow", id)).output, ["WorkflowTimeoutError", true]);
    });

    test("every kind of bytes counts", { skip: !besideJs }, async () => {
      const expected = inJavaScript ? [[1, 2, 255], [255, 3, 9], true] : [[1, 2, 3, 4, 5], "the body"];

      assert.deepEqual((await real.run("Pieces")).output, expected);
    });

    if (inJavaScript) {
      test("a stream that has a reader already is refused", async () => {
        const { error } = await real.run("Locked");

        assert.equal(
          error?.message,
          'Step "locked" returned an invalid ReadableStream output. It is locked: another reader reads it already.',
        );
        assert.equal(error?.name, "InvalidStepReadableStreamError");
      });
    } else {
      test("JavaScript's own step object takes and gives them too", { skip: !besideJs }, async () => {
        assert.deepEqual((await real.run("Raw")).output, ["ReadableStream", [1, 2, 3], [4, 5]]);
      });
    }

    test("no chunk is left of attempts that have failed", { skip: !besideJs }, async () => {
      const rows = real.db.prepare("SELECT name, count(*) AS n FROM chunks GROUP BY name ORDER BY name").all();

      assert.deepEqual(
        rows.map(({ name, n }) => [name, n]),
        [
          ...(inJavaScript ? [] : [["body", 1]]),
          ["first", inJavaScript ? 1 : 2],
          ["large", 4],
          ["pieces", 1],
          ["second", inJavaScript ? 1 : 2],
          ["text", 1],
        ],
      );
    });
  });

  describe(`limits of byte streams in ${name}`, () => {
    const guest = openStreams();
    before(async () => void (await guest.load()));
    after(() => guest.dispose());

    test("a pass asks the engine for them when it first has a stream, and holds each stream to them", async () => {
      const limits = { chunkBytes: 4, maxPieceBytes: 7, maxStreamBytes: 8, streamTooLarge: "more than eight bytes" };
      const run = new Engine(guest).start("HandedOn", {
        answer: ({ type, ref }, run) => {
          if (type === "readStreamLimits") run.send({ type: "resolve", ref, value: JSON.stringify(limits) });
          if (type === "writeChunk") run.send({ type: "resolve", ref });
        },
      });

      const { name, message } = await run.output.catch(({ wire }) => wire);

      assert.deepEqual([name, message], ["InvalidStepReadableStreamError", "more than eight bytes"]);
      const sent = run.messages.map(({ type }) => type);
      assert.equal(sent.filter((type) => type === "readStreamLimits").length, 1);
      assert.equal(sent.filter((type) => type === "writeChunk").length, 1);
    });
  });
}
