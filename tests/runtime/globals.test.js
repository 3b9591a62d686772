import assert from "node:assert/strict";
import { test } from "node:test";
import { guestGlobals, lazyClass } from "../../runtime/pyodide/globals.js";

test("a class that stands for one of the globals makes what that makes", () => {
  const Standing = /** @type {typeof Request} */ (lazyClass(() => globalThis.Request));

  const request = new Standing("http://localhost/a", { method: "POST" });

  assert.ok(request instanceof Request);
  assert.ok(request instanceof Standing);
  assert.equal(request.constructor, Request);
  assert.deepEqual([request.method, Standing.name, Standing.length], ["POST", "Request", 1]);
  assert.throws(() => new Standing("no address"), { name: "TypeError" });
});

test("it can be extended, and looked into", () => {
  const Standing = /** @type {typeof Request} */ (lazyClass(() => globalThis.Request));
  class Own extends Standing {
    own = 1;
  }

  const made = new Own("http://localhost/");

  assert.deepEqual([made instanceof Own, made instanceof Request, made.own], [true, true, 1]);
  assert.equal("prototype" in Standing, true);
  assert.equal(Standing.prototype, Request.prototype);
});

test("the global is not asked for before that", (t) => {
  let asked = 0;
  Object.defineProperty(globalThis, "Rare", {
    configurable: true,
    get: () => {
      asked += 1;
      return function Rare() {};
    },
  });
  t.after(() => Reflect.deleteProperty(globalThis, "Rare"));

  const { Rare } = guestGlobals({ Rare: lazyClass(() => Reflect.get(globalThis, "Rare")) });
  assert.equal(asked, 0);

  assert.equal(/** @type {any} */ (Rare).name, "Rare");
  assert.equal(asked, 1);
});
