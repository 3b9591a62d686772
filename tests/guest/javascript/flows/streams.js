/** Steps that give byte streams; the twin of `flows/streams.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";

const bytes = (text) => new TextEncoder().encode(text);

async function readAll(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export class Streams extends WorkflowEntrypoint {
  async run(event, step) {
    const config = { retries: { limit: 1, delay: 1 } };
    const large = () =>
      step.do("large", config, async ({ attempt }) => {
        async function* pieces() {
          for (let i = 0; i < 10; i++) {
            yield new Uint8Array(100_000).fill(i);
            if (i === 5 && attempt === 1) throw new RangeError("in the middle");
          }
        }
        return ReadableStream.from(pieces());
      });
    const sizes = [];
    const [one, two] = (await large()).tee();
    const again = await readAll(two);
    for await (const chunk of one) sizes.push(chunk.length);
    await step.sleep("nap", "1 second");
    const expected = Buffer.concat(Array.from({ length: 10 }, (_, i) => Buffer.alloc(100_000, i)));
    const text = await step.do("text", async () =>
      ReadableStream.from([bytes("grüße").subarray(0, 3), bytes("grüße").subarray(3)]),
    );
    const empty = await step.do("empty", async () => ReadableStream.from([]));
    return [
      sizes,
      Buffer.compare(again, expected) === 0,
      again.length,
      new TextDecoder().decode(await readAll(text)),
      await readAll(empty),
    ];
  }
}

export class Wrong extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("wrong", async () =>
      ReadableStream.from([bytes("good"), event.payload.kind === "text" ? "bad" : new Uint8Array(17 * 1024 * 1024)]),
    );
  }
}

export class Locked extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("locked", async () => {
      const stream = ReadableStream.from([bytes("good")]);
      stream.getReader();
      return stream;
    });
  }
}

/** Every view of a buffer counts as its bytes, and a piece may be written to again once it is given. */
export class Pieces extends WorkflowEntrypoint {
  async run(event, step) {
    const stream = await step.do("pieces", async () => {
      async function* pieces() {
        yield new Uint8Array([1, 2]).buffer;
        yield new Int16Array([-1]);
        const same = new Uint8Array([3]);
        yield same;
        same[0] = 9;
        yield same;
      }
      return ReadableStream.from(pieces());
    });
    const reader = stream.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(3));
    const rest = await reader.read(new Uint8Array(16));
    const end = await reader.read(new Uint8Array(16));
    return [[...value], [...rest.value], end.done];
  }
}

/** A stream is handed on, and given to a rollback handler. */
export class HandedOn extends WorkflowEntrypoint {
  async run(event, step) {
    const source = async () => ReadableStream.from([bytes("handed "), bytes("on")]);
    const seen = [];
    const rollback = async ({ output }) => {
      seen.push(new TextDecoder().decode(await readAll(output)));
      console.log(seen[0]);
    };
    const first = await step.do("first", {}, source, { rollback });
    const second = await step.do("second", async () => first);
    throw new Error(new TextDecoder().decode(await readAll(second)));
  }
}

/** The step's timeout covers the stream; the pass comes to rest after it. */
export class Slow extends WorkflowEntrypoint {
  async run(event, step) {
    const config = { retries: { limit: 0, delay: 0 }, timeout: 1000 };
    const cancelled = Promise.withResolvers();
    const stream = () => {
      let given = 0;
      return new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, given++ ? 300 : 0));
          controller.enqueue(new Uint8Array(300_000));
        },
        cancel() {
          cancelled.resolve(true);
        },
      });
    };
    const error = await step.do("slow", config, async () => stream()).catch(({ name }) => name);
    // A step, for a pass may be dropped while it waits, and another begins without having seen it.
    const saw = await step.do("seen", { ...config, timeout: "10 seconds" }, () => cancelled.promise);
    await step.waitForEvent("go", { type: "go", timeout: "1 minute" });
    return [error, saw];
  }
}
