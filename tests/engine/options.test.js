/** Options of the binding's methods: what there is not is named, with the nearest that there is. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answerCall } from "../../js/engine/binding.js";
import { Harness } from "./harness.js";

for (const [method, args, message] of /** @type {[string, object, string][]} */ ([
  ["create", { parms: "{}" }, 'create() has no option "parms". Did you mean "params"?'],
  ["create", { zzz: 1 }, 'create() has no option "zzz". It has: id, params, retention, locationHint.'],
  ["create", { locationhint: "weur" }, 'create() has no option "locationhint". Did you mean "locationHint"?'],
  [
    "create",
    { retention: { sucessRetention: 1 } },
    'retention of create() has no option "sucessRetention". Did you mean "successRetention"?',
  ],
  ["create", { retention: "1 day" }, 'retention of create() takes an object, not "1 day".'],
  ["createBatch", { batch: [{ id: "a" }, { ID: "b" }] }, 'createBatch()[1] has no option "ID". Did you mean "id"?'],
  ["createBatch", { batch: { cuont: 3 } }, 'createBatch() has no option "cuont". Did you mean "count"?'],
  [
    "createBatch",
    { batch: { instances: [{ param: "1" }] } },
    'createBatch()[0] has no option "param". Did you mean "params"?',
  ],
  ["terminate", { id: "i1", rolback: true }, 'terminate() has no option "rolback". Did you mean "rollback"?'],
  ["restart", { id: "i1", form: {} }, 'restart() has no option "form". Did you mean "from"?'],
  ["restart", { id: "i1", from: { step: "a" } }, 'from of restart() has no option "step". It has: name, count, type.'],
  ["sendEvent", { id: "i1", type: "go", paylod: "1" }, 'sendEvent() has no option "paylod". Did you mean "payload"?'],
])) {
  test(`${method}(${JSON.stringify(args)}) is refused with the name that was meant`, async () => {
    const harness = new Harness(() => new Promise(() => {}));
    await harness.create();
    const call = {
      type: /** @type {const} */ ("call"),
      pass: 1,
      ref: 1,
      account: "default",
      caller: { workflow: "flow", id: "i1" },
      workflow: "flow",
      method,
      args,
    };

    await assert.rejects(
      answerCall(harness.engine, call, () => {}),
      { name: "TypeError", message },
    );

    assert.deepEqual(
      [(await harness.engine.list({ workflow: "flow", limit: 9, offset: 0 })).total, harness.status()],
      [1, "running"],
    );
  });
}
