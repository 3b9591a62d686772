import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LANES } from "./guest.js";
import { useEngine } from "./real.js";

for (const lane of LANES) {
  describe(`byte streams on the ${lane} lane`, () => {
    const real = useEngine("streams.py", { lane });

    test("an async iterator of bytes is kept in chunks, over attempts and replays, and read as often as one likes", async () => {
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
      ["text", "It gave a chunk that is a str; chunks have to be bytes."],
      ["large", "It gave a chunk of 17825792 bytes; the limit is 16777216."],
    ]) {
      test(`a stream with a chunk that is ${kind} fails the step at once, and leaves nothing behind`, async () => {
        const { error, steps } = await real.run("Wrong", { kind });

        assert.equal(error?.message, `Step "wrong" returned an invalid ReadableStream output. ${problem}`);
        assert.equal(steps[0].attempts.length, 1);
      });
    }

    test("no chunk is left of attempts that have failed", async () => {
      const rows = real.db.prepare("SELECT DISTINCT name FROM chunks ORDER BY name").all();

      assert.deepEqual(
        rows.map(({ name }) => name),
        ["large", "text"],
      );
      assert.equal(real.db.prepare("SELECT count(*) AS n FROM chunks").get()?.n, 5);
    });
  });
}
