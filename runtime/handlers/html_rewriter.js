/** `HTMLRewriter` as Cloudflare has it: the parser is lol-html in WebAssembly, which npm's html-rewriter-wasm brings. */

/**
 * One transformation, see the types of html-rewriter-wasm.
 *
 * @typedef {object} Parser
 * @property {(selector: string, handlers: object) => unknown} on
 * @property {(handlers: object) => unknown} onDocument
 * @property {(chunk: Uint8Array) => Promise<void>} write
 * @property {() => Promise<void>} end
 * @property {() => void} free
 *
 * @typedef {new (sink: (chunk: Uint8Array) => void) => Parser} ParserClass
 */

const encoder = new TextEncoder();

/**
 * The class.
 *
 * @param {() => ParserClass} loadParser
 */
export function htmlRewriter(loadParser) {
  return class HTMLRewriter {
    /** @type {((parser: Parser) => unknown)[]} */
    #registrations = [];

    /**
     * Call handlers for the elements of a CSS selector.
     *
     * @param {string} selector
     * @param {object} handlers `element`, `comments` and `text`
     */
    on(selector, handlers) {
      this.#registrations.push((parser) => parser.on(selector, callable(handlers)));
      return this;
    }

    /**
     * Call handlers for the document.
     *
     * @param {object} handlers `doctype`, `comments`, `text` and `end`
     */
    onDocument(handlers) {
      this.#registrations.push((parser) => parser.onDocument(callable(handlers)));
      return this;
    }

    /**
     * A response whose body is rewritten as it is read. What a handler raises is raised to the reader.
     *
     * @param {Response} response
     * @returns {Response}
     */
    transform(response) {
      const { body, status, statusText } = response;
      const headers = new Headers(response.headers);
      if (body === null) return new Response(null, { status, statusText, headers });
      // It is of the original.
      headers.delete("content-length");
      return new Response(body.pipeThrough(this.#stream(loadParser())), { status, statusText, headers });
    }

    /** @param {ParserClass} Parser */
    #stream(Parser) {
      /** @type {Parser | undefined} */
      let parser;
      const release = () => {
        parser?.free();
        parser = undefined;
      };
      const guarded = async (/** @type {() => Promise<void> | undefined} */ work) => {
        try {
          await work();
        } catch (error) {
          release();
          throw error;
        }
      };
      return new TransformStream(
        /** @type {any} */ ({
          start: (/** @type {TransformStreamDefaultController} */ controller) => {
            parser = new Parser((chunk) => void (chunk.length > 0 && controller.enqueue(chunk.slice())));
            for (const register of this.#registrations) register(parser);
          },
          transform: async (/** @type {string | Uint8Array} */ chunk) =>
            await guarded(() => parser?.write(typeof chunk === "string" ? encoder.encode(chunk) : chunk)),
          flush: async () => {
            await guarded(() => parser?.end());
            release();
          },
          cancel: release,
        }),
      );
    }
  };
}

/** What handlers have: the first three for elements, all but the first for the document. */
const HANDLERS = ["element", "comments", "text", "doctype", "end"];

/**
 * Handlers as the parser calls them: it waits for promises, and for nothing else that can be awaited, as Python's coroutines.
 *
 * @param {any} handlers
 */
function callable(handlers) {
  /** @type {Record<string, (item: unknown) => unknown>} */
  const found = {};
  for (const name of HANDLERS) {
    const handler = handlers[name];
    if (typeof handler !== "function") continue;
    found[name] = (item) => {
      const result = Reflect.apply(handler, handlers, [item]);
      return typeof result?.then === "function" ? Promise.resolve(result) : undefined;
    };
  }
  return found;
}
