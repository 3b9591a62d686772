/** What instances refuse: options, places to restart from, and events. */

/** @import { Refusal } from "../refused.js" */

import { OTHER_WORDS, TAKES_ANY, TYPE_RULE, refused, short } from "../refused.js";

/** A call to a method of an instance that Cloudflare takes, whatever it is given. @param {string} call */
function taken(call) {
  if (/^restart(?!.*from: )/.test(call)) return { notFor: { cloudflare: "it takes it, and restarts without end" } };
  return { differs: { cloudflare: TAKES_ANY } };
}

/** @type {Refusal[]} */
const REFUSALS = [
  ...[
    ["terminate", "terminate", '"now"', "a str", '"now"'],
    ["restart", "restart", '"now"', "a str", '"now"'],
    ["send_event", "sendEvent", '"go"', "a str", '"go"'],
  ].map(([python, javascript, options, kind, shown]) => ({
    what: `${javascript}() of ${options}`,
    python: `await (await self.env.SELF.get(event["instanceId"])).${python}(${options})`,
    javascript: `this.env.SELF.get(event.instanceId).then((it) => it.${javascript}(${options}))`,
    name: "TypeError",
    message: `${javascript}() takes an object, not ${shown}.`,
    inPython: `${python}() takes a dict, not ${kind}.`,
    ...taken(javascript),
  })),
  ...[
    ['terminate({"rolback": True})', "terminate({ rolback: true })", "terminate()", "rolback", "rollback"],
    ['restart({"form": {}})', "restart({ form: {} })", "restart()", "form", "from"],
    ['restart({"from": {"nmae": "a"}})', 'restart({ from: { nmae: "a" } })', "from of restart()", "nmae", "name"],
    [
      'send_event({"type": "go", "paylod": 1})',
      'sendEvent({ type: "go", paylod: 1 })',
      "sendEvent()",
      "paylod",
      "payload",
    ],
  ].map(([python, javascript, call, wrong, right]) => ({
    what: `a misspelt option of ${call}`,
    python: `await (await self.env.SELF.get(event["instanceId"])).${python}`,
    javascript: `this.env.SELF.get(event.instanceId).then((it) => it.${javascript})`,
    name: "TypeError",
    message: `${call} has no option "${wrong}". Did you mean "${right}"?`,
    ...(call === "sendEvent()" ? { inPython: `send_event() has no option "${wrong}". Did you mean "${right}"?` } : {}),
    ...taken(javascript),
  })),
  ...[
    ['{"from": {"name": "never"}}', "never"],
    ['{"from": {"name": "did", "count": 2}}', "did"],
    ['{"from": {"name": "did", "count": 0}}', "did"],
    ['{"from": {"name": "did", "type": "sleep"}}', "did"],
  ].map(([options, step]) => ({
    what: `restart(${options})`,
    python: `
      @step.do("did")
      async def did():
          return 1
      await did()
      await (await self.env.SELF.get(event["instanceId"])).restart(${options})`,
    javascript: `(async () => {
      await step.do("did", async () => 1);
      await (await this.env.SELF.get(event.instanceId)).restart(${options});
    })()`,
    name: "WorkflowError",
    message: `(instance.cannot_restart) Step "${step}" not found in execution history`,
    differs: { cloudflare: OTHER_WORDS },
  })),
  ...['"has space"', '"dot.ted"', '""', JSON.stringify("x".repeat(101))].map((type) => ({
    what: `to send an event of type ${short(type)}`,
    python: `await (await self.env.SELF.get(event["instanceId"])).send_event({"type": ${type}})`,
    javascript: `this.env.SELF.get(event.instanceId).then((it) => it.sendEvent({ type: ${type} }))`,
    name: "WorkflowError",
    message: `(workflow.invalid_event_type) Event type ${type} is not allowed: ${TYPE_RULE}`,
    differs: { cloudflare: TAKES_ANY },
  })),
  {
    what: "to send an event without a type",
    python: `await (await self.env.SELF.get(event["instanceId"])).send_event({"payload": 1})`,
    javascript: `this.env.SELF.get(event.instanceId).then((it) => it.sendEvent({ payload: 1 }))`,
    name: "WorkflowError",
    message: `(workflow.invalid_event_type) Event type is missing: ${TYPE_RULE}`,
    differs: { cloudflare: TAKES_ANY },
  },
  {
    what: "to send an event of more than 1 MiB",
    python: `await (await self.env.SELF.get(event["instanceId"])).send_event({"type": "go", "payload": "x" * 1048577})`,
    javascript: `this.env.SELF.get(event.instanceId).then((it) => it.sendEvent({ type: "go", payload: "x".repeat(1_048_577) }))`,
    name: "WorkflowError",
    message: "The event's payload is too large. Maximum allowed size is 1MiB.",
    differs: { cloudflare: TAKES_ANY },
  },
];

export default REFUSALS.map(refused);
