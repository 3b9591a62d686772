/** What the binding of a workflow refuses: ids, options and batches. */

/** @import { Refusal } from "../refused.js" */

import { NO_KEYWORDS } from "../reasons.js";
import { OTHER_WORDS, SAYS_LESS, TAKES_ANY, TYPE_RULE, refused, short } from "../refused.js";

const ID_RULE = `${TYPE_RULE}, and none of batch, terminate, terminateAll`;

/** Its files are named after ids. @param {string} id JSON */
function unaddressable(id) {
  if (id.includes("/") || id.length > 200) return { notFor: { cloudflare: "it cannot open a file of that name" } };
  return { differs: { cloudflare: OTHER_WORDS } };
}

/** Ids that none can have. */
const IDS = ['""', '"has space"', '"\\n\\nlines"', `"${"x".repeat(101)}"`, '"#1231231!!!!"', '"-"', '"-dash"', '"batch"', '"terminate"', '"terminateAll"', `"cf_${"0".repeat(64)}"`]; // prettier-ignore

/** @type {Refusal[]} */
const REFUSALS = [
  ...IDS.map((id) => ({
    what: `an instance with id ${short(id)}`,
    python: `await self.env.SELF.create({"id": ${id}})`,
    javascript: `this.env.SELF.create({ id: ${id} })`,
    name: "WorkflowError",
    message: `Workflow instance has invalid id ${id}: ${ID_RULE}`,
    differs: { cloudflare: /batch|terminate|cf_/.test(id) ? TAKES_ANY : SAYS_LESS },
  })),
  ...['""', '"invalid!"', '"0 0 * * MON?2-1786001400000"', JSON.stringify("x".repeat(272))].map((id) => ({
    what: `to get the instance ${short(id)}`,
    python: `await self.env.SELF.get(${id})`,
    javascript: `this.env.SELF.get(${id})`,
    name: "WorkflowError",
    message: `(instance.not_found) Instance does not exist: ${JSON.parse(id)}`,
    ...unaddressable(id),
  })),
  ...[
    '"nobody"',
    '"*/30 * * * *-1786001400000"',
    '"0 0 * * MON#2-1786001400000"',
    '"0 0 1,15 * *-1786001400000"',
    '"NAME_123-/cron"',
    JSON.stringify("x".repeat(271)),
  ].map((id) => ({
    what: `to get a missing instance: ${short(id)}`,
    python: `await (await self.env.SELF.get(${id})).status()`,
    javascript: `this.env.SELF.get(${id}).then((instance) => instance.status())`,
    name: "WorkflowError",
    message: `(instance.not_found) Instance does not exist: ${JSON.parse(id)}`,
    ...unaddressable(id),
  })),
  {
    what: "an invalid locationHint",
    python: `await self.env.SELF.create({"locationHint": "moon"})`,
    javascript: `this.env.SELF.create({ locationHint: "moon" })`,
    name: "WorkflowError",
    message: 'locationHint must be one of wnam, enam, sam, weur, eeur, apac, apac-ne, apac-se, oc, afr, me, not "moon"',
    differs: { cloudflare: TAKES_ANY },
  },
  ...["0", "-1", '"soon"', '"0 days"'].map((retention) => ({
    what: `a retention of ${retention}`,
    python: `await self.env.SELF.create({"retention": {"successRetention": ${retention}}})`,
    javascript: `this.env.SELF.create({ retention: { successRetention: ${retention} } })`,
    name: "WorkflowError",
    message: `retention.successRetention must be a duration above 0, such as "7 days", not ${retention}`,
    differs: { cloudflare: TAKES_ANY },
  })),
  {
    what: "an invalid retention of errors",
    python: `await self.env.SELF.create({"retention": {"errorRetention": "soon"}})`,
    javascript: `this.env.SELF.create({ retention: { errorRetention: "soon" } })`,
    name: "WorkflowError",
    message: 'retention.errorRetention must be a duration above 0, such as "7 days", not "soon"',
    differs: { cloudflare: TAKES_ANY },
  },
  {
    what: "a misspelt retention",
    python: `await self.env.SELF.create({"retention": {"sucessRetention": 1}})`,
    javascript: `this.env.SELF.create({ retention: { sucessRetention: 1 } })`,
    name: "TypeError",
    message: 'retention of create() has no option "sucessRetention". Did you mean "successRetention"?',
    inPython: 'retention of create() has no option "sucessRetention". Did you mean "success_retention"?',
    differs: { cloudflare: TAKES_ANY },
  },
  ...[
    ["create", '"abc"', "create", "create()", "a str", '"abc"'],
    ["create", "5", "create", "create()", "an int", "5"],
  ].map(([python, options, javascript, call, kind, shown]) => ({
    what: `${call} of ${options}`,
    python: `await self.env.SELF.${python}(${options})`,
    javascript: `this.env.SELF.${javascript}(${options})`,
    name: "TypeError",
    message: `${call} takes an object, not ${shown}.`,
    inPython: `${call} takes a dict, not ${kind}.`,
    differs: { cloudflare: TAKES_ANY },
  })),
  {
    what: "a misspelt option of create()",
    python: `await self.env.SELF.create({"parms": {}})`,
    javascript: "this.env.SELF.create({ parms: {} })",
    name: "TypeError",
    message: 'create() has no option "parms". Did you mean "params"?',
    differs: { cloudflare: TAKES_ANY },
  },
  {
    what: "params of more than 1 MiB",
    python: `await self.env.SELF.create({"params": {"x": "x" * 1048576}})`,
    javascript: `this.env.SELF.create({ params: { x: "x".repeat(1_048_576) } })`,
    name: "WorkflowError",
    message: "The params are too large. Maximum allowed size is 1MiB.",
    differs: { cloudflare: TAKES_ANY },
  },

  // Batches ----------------------------------------------------------------------------------------------------------------
  ...[
    ["create_batch([])", "createBatch([])", "WorkflowError: batchCreate should have at least 1 instance"],
    [
      "create_batch([{}] * 101)",
      "createBatch(Array(101).fill({}))",
      "WorkflowError: batchCreate only supports 100 instances at a time",
    ],
    ['create_batch({"count": 0})', "createBatch({ count: 0 })", "(body) count must be a positive integer"],
    ['create_batch({"count": 1.5})', "createBatch({ count: 1.5 })", "(body) count must be a positive integer"],
    [
      'create_batch({"count": 101})',
      "createBatch({ count: 101 })",
      "(body) batchCreate only supports 100 instances at a time",
    ],
    ["create_batch({})", "createBatch({})", "(body) Provided argument is invalid"],
    [
      'create_batch({"count": 1, "instances": [{}]})',
      "createBatch({ count: 1, instances: [{}] })",
      "(body) Provided argument is invalid",
    ],
    ['create_batch({"instances": []})', "createBatch({ instances: [] })", "(body) Provided argument is invalid"],
    [
      'create_batch({"instances": [{"id": "ok"}, {"id": "-"}]})',
      'createBatch({ instances: [{ id: "ok" }, { id: "-" }] })',
      "(instance.invalid_id) Instance ID is invalid",
    ],
    [
      'create_batch({"instances": [{"params": {"x": "x" * 600000}}] * 2})',
      'createBatch({ instances: Array(2).fill({ params: { x: "x".repeat(600_000) } }) })',
      "(body) Batch size exceeds maximum allowed",
    ],
    ["delete_batch([])", "deleteBatch([])", "(body) batchDeleteInstances should have at least 1 instance"],
    [
      'delete_batch(["x"] * 101)',
      'deleteBatch(Array(101).fill("x"))',
      "(body) batchDeleteInstances only supports 100 instances at a time",
    ],
    ['delete_batch([""])', 'deleteBatch([""])', "(instance.invalid_id) Instance ID is invalid"],
  ].map(([python, javascript, message]) => ({
    what: javascript.replace('{ x: "x".repeat(600_000) }', "much"),
    python: `await self.env.SELF.${python}`,
    javascript: `this.env.SELF.${javascript}`,
    name: "WorkflowError",
    message,
    differs: { cloudflare: OTHER_WORDS },
    ...(python.startsWith("delete") ? { notFor: { "python-upstream-sdk": NO_KEYWORDS } } : {}),
  })),
  {
    what: 'createBatch("abc")',
    python: `await self.env.SELF.create_batch("abc")`,
    javascript: `this.env.SELF.createBatch("abc")`,
    name: "WorkflowError",
    message: "(body) Provided argument is invalid",
    differs: { cloudflare: OTHER_WORDS },
  },
  {
    what: "a misspelt option in a batch",
    python: `await self.env.SELF.create_batch([{"id": "x1"}, {"parms": 1}])`,
    javascript: `this.env.SELF.createBatch([{ id: "x1" }, { parms: 1 }])`,
    name: "TypeError",
    message: 'createBatch()[1] has no option "parms". Did you mean "params"?',
    inPython: 'create_batch()[1] has no option "parms". Did you mean "params"?',
    differs: { cloudflare: TAKES_ANY },
  },
];

export default REFUSALS.map(refused);
