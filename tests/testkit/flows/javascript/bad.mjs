/** Tests that go wrong; `test_javascript.py` has what each is to say. */

import { describe, test } from "node:test";
import { env, introspectWorkflowInstance } from "cloudflare:test";

describe("tests", () => {
  test("leaves an instance", async () => {
    await env.MODERATOR.create({ id: "left", params: { text: "buy" } });
  });

  test("names a step that never runs", async () => {
    await using instance = await introspectWorkflowInstance(env.MODERATOR, "i");
    await instance.modify(async (m) => {
      await m.mockStepResult({ name: "scor" }, 1);
      await m.mockStepResult({ name: "score" }, 1);
    });
    await env.MODERATOR.create({ id: "i", params: {} });
    await instance.waitForStatus("complete");
  });

  test("mocks a step twice", async () => {
    await using instance = await introspectWorkflowInstance(env.MODERATOR, "i");
    await instance.modify((m) => m.mockStepResult({ name: "score" }, 1));
    await instance.modify((m) => m.mockStepError({ name: "score" }, new Error("x")));
  });

  test("runs a workflow that is not replayed as it ran", async () => {
    await using instance = await introspectWorkflowInstance(env.UNSTEADY, "i");
    await env.UNSTEADY.create({ id: "i" });
    await instance.waitForStatus("complete");
  });

  test("names no step", async () => {
    await using instance = await introspectWorkflowInstance(env.MODERATOR, "i");
    await instance.modify((m) => m.forceStepTimeout({ name: "score", index: 0 }));
  });
});
