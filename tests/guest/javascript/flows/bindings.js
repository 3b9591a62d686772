import { WorkflowEntrypoint } from "cloudflare:workers";

export class Child extends WorkflowEntrypoint {
  /** @param {any} event @param {any} step */
  async run(event, step) {
    if (event.payload.wait) await step.waitForEvent("go", { type: "go" });
    return await step.do("double", async () => event.payload.value * 2);
  }
}

export class ParentFlow extends WorkflowEntrypoint {
  /** @param {any} _event @param {any} step */
  async run(_event, step) {
    const { CHILD } = /** @type {any} */ (this.env);
    const id = await step.do("create", async () => {
      const made = await CHILD.create({ id: "child", params: { value: 21, wait: true } });
      return made.id;
    });
    const child = await CHILD.get(id);
    await child.sendEvent({ type: "go", payload: { by: "parent" } });
    let last;
    for await (const event of await child.subscribe({ filter: ["workflow_completed"] })) last = event;
    const { status, output } = await child.status();
    const missing = await CHILD.get("missing").catch((/** @type {Error} */ error) => `${error.name}: ${error.message}`);
    const { created, errors } = await CHILD.createBatch({
      instances: [{ id: "child" }, { id: "b", params: { value: 1 } }],
    });
    const listed = await CHILD.createBatch([{ id: "b" }, { id: "c" }]);
    const { deleted } = await CHILD.deleteBatch(["b"]);
    const ids = [created, listed].map((batch) => batch.map((/** @type {{ id: string }} */ each) => each.id));
    return [last.output, status, output, missing, ...ids, errors[0].code, deleted];
  }
}
