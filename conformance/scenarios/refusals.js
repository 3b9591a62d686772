/**
 * What is refused, with the whole of what it says: every limit and rule for names, ids, durations, configurations and
 * options, in both languages.
 */

/** @import { Scenario } from "../scenario.d.ts" */

const NO_ROLLBACK = "it has no rollback";
const FOLDED = "the class's name is part of its message";
const OTHER_WORDS = "its local engine words it in another way";
const SAYS_LESS = "it does not say what is wrong, and the class's name is part of its message";
const TAKES_ANY = "it takes it";
const NO_KEYWORDS = "its bindings have no keywords and no names in snake case";
const SEE = "See https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/";
const LONG = "x".repeat(257);

/**
 * @typedef {object} Refusal
 * @property {string} what
 * @property {string} [python] statements; nothing where the language has no such thing
 * @property {string} [javascript] an expression
 * @property {string} [name] of the class
 * @property {string} message
 * @property {string} [inPython] where the message names what has another name there
 * @property {Record<string, string>} [differs]
 * @property {Record<string, string>} [notFor]
 */

/**
 * @param {Refusal} refusal
 * @returns {Scenario}
 */
function refused({
  what,
  python,
  javascript,
  name = "WorkflowFatalError",
  message,
  inPython,
  differs = {},
  notFor = {},
}) {
  return {
    name: `refusals: ${what}`,
    ...(python === undefined ? {} : { python: tried(python) }),
    ...(javascript === undefined ? {} : { javascript: awaited(javascript) }),
    // Where a target makes the instance that is to be refused, that one must make no further one, and so on without end.
    params: { first: true },
    expect: { output: { name, message } },
    ...(inPython === undefined
      ? {}
      : {
          expectIn: {
            python: { output: { name, message: inPython } },
            // Its bindings are those of JavaScript.
            "python-upstream-sdk": { output: { name, message } },
          },
        }),
    differs,
    notFor,
  };
}

/** @param {string} statements */
function tried(statements) {
  return `
      if not event["payload"].get("first"):
          return None
      try:
          ${statements.trim().replaceAll("\n", "\n    ")}
      except Exception as error:
          return caught(error)`;
}

/** @param {string} expression */
function awaited(expression) {
  return `
      if (!event.payload.first) return null;
      try {
        await ${expression.trim()};
      } catch (error) {
        return caught(error);
      }`;
}

/** @param {string} name @param {string} [more] keywords of the decorator */
const stepOf = (name, more = "") => `
      await step.do(${name}${more})(lambda: 1)()`;

const ABOVE = "a limit above 10,000";

/** What is wrong with a configuration, written as JSON, and what is said of it. */
const CONFIGS = /** @type {const} */ ([
  ["only a limit", '{"retries": {"limit": 1}}', "retries.delay is missing; limit and delay go together"],
  ["only a delay", '{"retries": {"delay": 1}}', "retries.limit is missing; limit and delay go together"],
  ["only a back-off", '{"retries": {"backoff": "linear"}}', "retries.limit is missing; limit and delay go together"],
  ["an unknown key", '{"retires": {"limit": 1, "delay": 1}}', "retires is not known; did you mean retries?"],
  [
    "an unknown key in retries",
    '{"retries": {"limit": 1, "delay": 1, "jitter": 1}}',
    "retries.jitter is not known; known are limit, delay, backoff",
  ],
  [
    "a misspelt key in retries",
    '{"retries": {"limit": 1, "dealy": 1}}',
    "retries.dealy is not known; did you mean delay?",
  ],
  [
    "a delay that is none",
    '{"retries": {"limit": 1, "delay": "i like trains"}}',
    'retries.delay must be a duration, such as 1000 (ms) or "10 seconds", not "i like trains"',
  ],
  [
    "a negative delay",
    '{"retries": {"limit": 1, "delay": -1}}',
    'retries.delay must be a duration, such as 1000 (ms) or "10 seconds", not -1',
  ],
  [
    "a negative limit",
    '{"retries": {"limit": -1, "delay": 1}}',
    "retries.limit must be a number from 0 to 10000, or Infinity, not -1",
  ],
  [
    ABOVE,
    '{"retries": {"limit": 10001, "delay": 1}}',
    "retries.limit must be a number from 0 to 10000, or Infinity, not 10001",
  ],
  [
    "a limit that is text",
    '{"retries": {"limit": "many", "delay": 1}}',
    'retries.limit must be a number from 0 to 10000, or Infinity, not "many"',
  ],
  [
    "an unknown back-off",
    '{"retries": {"limit": 1, "delay": 1, "backoff": "fibonacci"}}',
    'retries.backoff must be one of constant, linear, exponential, not "fibonacci"',
  ],
  ["retries that are a number", '{"retries": 3}', "retries must be an object, not 3"],
  ["a timeout of 0", '{"timeout": 0}', 'timeout must be a duration above 0, such as 5000 (ms) or "5 minutes", not 0'],
  [
    "a timeout that is none",
    '{"timeout": "soon"}',
    'timeout must be a duration above 0, such as 5000 (ms) or "5 minutes", not "soon"',
  ],
]);

const OF_STEPS = /** @type {const} */ ([
  ["sensitive for all", '{"sensitive": "all"}', 'sensitive must be "output", not "all"'],
  ["text in its place", '"soon"', 'config must be an object, not "soon"'],
  ["a list in its place", "[1]", "config must be an object, not [1]"],
]);

const TYPE_RULE = '1 to 100 letters, digits, "-" or "_", not beginning with "-"';
const ID_RULE = `${TYPE_RULE}, and none of batch, terminate, terminateAll`;

/** Its files are named after ids. @param {string} id JSON */
function unaddressable(id) {
  if (id.includes("/") || id.length > 200) return { notFor: { cloudflare: "it cannot open a file of that name" } };
  return { differs: { cloudflare: OTHER_WORDS } };
}

/** Ids that none can have. */
const IDS = ['""', '"has space"', '"\\n\\nlines"', `"${"x".repeat(101)}"`, '"#1231231!!!!"', '"-"', '"-dash"', '"batch"', '"terminate"', '"terminateAll"', `"cf_${"0".repeat(64)}"`]; // prettier-ignore

/** A call to a method of an instance that Cloudflare takes, whatever it is given. @param {string} call */
function taken(call) {
  if (/^restart(?!.*from: )/.test(call)) return { notFor: { cloudflare: "it takes it, and restarts without end" } };
  return { differs: { cloudflare: TAKES_ANY } };
}

/** @param {string} text JSON */
const short = (text) => (text.length > 30 ? `${text.slice(0, 12)}… (${JSON.parse(text).length})` : text);

/** @type {Refusal[]} */
const STEPS = [
  ...[`"${LONG}"`, '"a\\u0001b"', '"a\\nb"', '"\\u0000"'].map((name) => ({
    what: `step name ${short(name)}`,
    python: stepOf(name),
    javascript: `step.do(${name}, async () => 1)`,
    message: `Step name "${JSON.parse(name)}" exceeds max length (256 chars) or invalid characters found`,
    differs: { cloudflare: FOLDED },
  })),
  ...[
    ["sleep", 'await step.sleep("a\\nb", 1)', 'step.sleep("a\\nb", 1)'],
    ["wait", 'await step.wait_for_event("a\\nb", "go")', 'step.waitForEvent("a\\nb", { type: "go" })'],
  ].map(([kind, python, javascript]) => ({
    what: `name of a ${kind} "a\\nb"`,
    python,
    javascript,
    message: 'Step name "a\nb" exceeds max length (256 chars) or invalid characters found',
    ...(kind === "sleep"
      ? { differs: { cloudflare: TAKES_ANY } }
      : { notFor: { cloudflare: "it takes it, and waits" } }),
  })),
  {
    what: "a step without a callback",
    python: 'await step.do("a")(None)()',
    javascript: 'step.do("a")',
    message: 'Step "a" requires a callback function',
    differs: { cloudflare: FOLDED, "python-upstream-sdk": TAKES_ANY },
  },
  ...[...CONFIGS, ...OF_STEPS].map(([what, config, problem]) => ({
    what: `a configuration with ${what}`,
    python: stepOf('"a"', `, config=${config}`),
    javascript: `step.do("a", ${config}, async () => 1)`,
    message: `Step config for "a" is in a invalid format: ${problem}. ${SEE}`,
    differs: { cloudflare: what === ABOVE ? TAKES_ANY : SAYS_LESS },
  })),
  {
    what: "a configuration with a function for the timeout",
    python: stepOf('"a"', `, config={"timeout": lambda: 1}`),
    javascript: `step.do("a", { timeout: () => 1 }, async () => 1)`,
    message: `Step config for "a" is in a invalid format: timeout must be a duration above 0, such as 5000 (ms) or "5 minutes", not a function. ${SEE}`,
    differs: { cloudflare: SAYS_LESS },
  },

  // Rollbacks ----------------------------------------------------------------------------------------------------------------
  {
    what: "a rollback that is no function",
    python: stepOf('"a"', `, rollback="undo"`),
    javascript: `step.do("a", async () => 1, { rollback: "undo" })`,
    message: 'Rollback for "a" must be a function',
    differs: { cloudflare: FOLDED },
    notFor: { "python-upstream-sdk": NO_ROLLBACK },
  },
  {
    what: "a configuration of a rollback that there is not",
    python: stepOf('"a"', `, rollback_config={"timeout": 1}`),
    javascript: `step.do("a", async () => 1, { rollbackConfig: { timeout: 1 } })`,
    message: 'Rollback for "a" must be a function',
    differs: { cloudflare: FOLDED },
    notFor: { "python-upstream-sdk": NO_ROLLBACK },
  },
  {
    what: "rollback options that are no object",
    javascript: `step.do("a", async () => 1, "undo")`,
    message: 'Rollback options for "a" must be an object',
    differs: { cloudflare: FOLDED },
  },
  {
    what: "a misspelt rollback",
    python: stepOf('"a"', ", rolback=lambda: 1"),
    javascript: `step.do("a", async () => 1, { rolback: async () => 1 })`,
    name: "TypeError",
    message: 'step.do() has no option "rolback". Did you mean "rollback"?',
    differs: { cloudflare: "it says that the rollback must be a function" },
    notFor: { "python-upstream-sdk": NO_ROLLBACK },
  },
  {
    what: "a misspelt configuration of a rollback",
    python: stepOf('"a"', ", rollback=lambda: 1, rolback_config={}"),
    javascript: `step.do("a", async () => 1, { rollback: async () => 1, rolbackConfig: {} })`,
    name: "TypeError",
    message: 'step.do() has no option "rolbackConfig". Did you mean "rollbackConfig"?',
    inPython: 'step.do() has no option "rolback_config". Did you mean "rollback_config"?',
    differs: { cloudflare: TAKES_ANY },
    notFor: { "python-upstream-sdk": NO_ROLLBACK },
  },
  ...[
    ...CONFIGS,
    /** @type {const} */ ([
      "sensitive",
      '{"sensitive": "output"}',
      "sensitive is not known; known are retries, timeout",
    ]),
  ].map(([what, config, problem]) => ({
    what: `a rollback's configuration with ${what}`,
    python: stepOf('"a"', `, rollback=lambda: 1, rollback_config=${config}`),
    javascript: `step.do("a", async () => 1, { rollback: async () => 1, rollbackConfig: ${config} })`,
    message: `Rollback config for "a" is in a invalid format: ${problem}. ${SEE}`,
    differs: { cloudflare: what === ABOVE || what === "sensitive" ? TAKES_ANY : SAYS_LESS },
    notFor: { "python-upstream-sdk": NO_ROLLBACK },
  })),
  {
    what: "a rollback's configuration with a function for the delay",
    python: stepOf('"a"', `, rollback=lambda: 1, rollback_config={"retries": {"limit": 1, "delay": lambda: 1}}`),
    javascript: `step.do("a", async () => 1, { rollback: async () => 1, rollbackConfig: { retries: { limit: 1, delay: () => 1 } } })`,
    message: `Rollback config for "a" is in a invalid format: retries.delay must be a duration, such as 1000 (ms) or "10 seconds", not a function. ${SEE}`,
    differs: { cloudflare: TAKES_ANY },
    notFor: { "python-upstream-sdk": NO_ROLLBACK },
  },

  // Delay functions ----------------------------------------------------------------------------------------------------------
  ...[
    ["throws", `fails("odd")`, `fails("odd")`, "threw an error: odd"],
    [
      "gives a negative delay",
      "-1",
      "-1",
      'returned an invalid delay value (expected a number of ms or a duration string like "30 seconds"): -1',
    ],
    [
      "gives no duration",
      `"i like trains"`,
      `"i like trains"`,
      'returned an invalid delay value (expected a number of ms or a duration string like "30 seconds"): "i like trains"',
    ],
  ].map(([what, python, javascript, text]) => ({
    what: `a delay function that ${what}`,
    python: `
      @step.do("a", config={"retries": {"limit": 2, "delay": lambda: ${python}}})
      async def a():
          fails("no")
      await a()`,
    javascript: `step.do("a", { retries: { limit: 2, delay: () => ${javascript} } }, async () => fails("no"))`,
    name: "NonRetryableDelayError",
    message: `The delay function for step "a-1" ${text}`,
    differs: { cloudflare: FOLDED, "python-upstream-sdk": "a delay function is given one object of JavaScript's" },
  })),

  // Sleeps and waits ---------------------------------------------------------------------------------------------------------
  ...['"soon"', '"five minutes"', '"5 parsecs"', '"-1 second"', "-5", '""', '"1 year"', '"366 days"'].map(
    (duration) => ({
      what: `a sleep of ${duration}`,
      python: `await step.sleep("nap", ${duration})`,
      javascript: `step.sleep("nap", ${duration})`,
      message: `Sleep "nap" has duration ${duration}; allowed are 0 to 365 days, as ms or such as "5 minutes"`,
      notFor: { cloudflare: "it takes what it cannot read as ms, or fails in its timers" },
    }),
  ),
  {
    what: "a sleep without end",
    python: `await step.sleep("nap", float("inf"))`,
    javascript: `step.sleep("nap", Infinity)`,
    message: 'Sleep "nap" has duration "Infinity"; allowed are 0 to 365 days, as ms or such as "5 minutes"',
    notFor: { cloudflare: "it takes what it cannot read as ms, or fails in its timers" },
  },
  {
    what: "a sleep until a time in the past",
    python: `await step.sleep_until("nap", datetime.datetime(2020, 1, 1))`,
    javascript: `step.sleepUntil("nap", new Date("2020-01-01"))`,
    name: "Error",
    message: "You can't sleep until a time in the past, time-traveler",
  },
  {
    what: "a sleep until a time that is none",
    python: `await step.sleep_until("nap", float("nan"))`,
    javascript: `step.sleepUntil("nap", NaN)`,
    message: 'Sleep "nap" has end "NaN"; allowed is a time in the next 365 days, as a date or ms since 1970',
    notFor: { cloudflare: "it takes what it cannot read as ms, or fails in its timers" },
  },
  {
    what: "a sleep until a time in more than a year",
    python: `await step.sleep_until("nap", 9e15)`,
    javascript: `step.sleepUntil("nap", 9e15)`,
    message: 'Sleep "nap" has end 9000000000000000; allowed is a time in the next 365 days, as a date or ms since 1970',
    notFor: { cloudflare: "it takes what it cannot read as ms, or fails in its timers" },
  },
  ...['"soon"', "999", '"0 seconds"', '"366 days"', "-1"].map((timeout) => ({
    what: `a wait with a timeout of ${timeout}`,
    python: `await step.wait_for_event("w", "go", timeout=${timeout})`,
    javascript: `step.waitForEvent("w", { type: "go", timeout: ${timeout} })`,
    message: `Wait "w" has timeout ${timeout}; allowed are 1 second to 365 days`,
    notFor: { cloudflare: "its local engine does not check the timeout" },
  })),
  ...['"has space"', '"dot.ted"', '""', '"-go"', JSON.stringify("x".repeat(101))].map((type) => ({
    what: `a wait for events of type ${short(type)}`,
    python: `await step.wait_for_event("w", ${type})`,
    javascript: `step.waitForEvent("w", { type: ${type} })`,
    name: "WorkflowError",
    message: `(workflow.invalid_event_type) Event type ${type} is not allowed: ${TYPE_RULE}`,
    notFor: { cloudflare: "only production checks the type" },
  })),
  {
    what: "a wait without a type",
    javascript: `step.waitForEvent("w", {})`,
    name: "WorkflowError",
    message: `(workflow.invalid_event_type) Event type is missing: ${TYPE_RULE}`,
    notFor: { cloudflare: "only production checks the type" },
  },
  {
    what: "a wait without options",
    javascript: `step.waitForEvent("w")`,
    name: "TypeError",
    message: "step.waitForEvent() takes an object, not undefined.",
    notFor: { cloudflare: "only production checks the type" },
  },
  {
    what: "a misspelt timeout of a wait",
    python: `await step.wait_for_event("w", "go", timout="1 second")`,
    javascript: `step.waitForEvent("w", { type: "go", timout: "1 second" })`,
    name: "TypeError",
    message: 'step.waitForEvent() has no option "timout". Did you mean "timeout"?',
    inPython: 'step.wait_for_event() has no option "timout". Did you mean "timeout"?',
    notFor: { cloudflare: "it takes any option", "python-upstream-sdk": "Python itself refuses the keyword" },
  },
  {
    what: "the type of a wait by keyword",
    python: `await step.wait_for_event("w", "go", type="go")`,
    name: "TypeError",
    message:
      'step.wait_for_event() has no option "type". Give name and type by position: step.wait_for_event("approval", "approved").',
    notFor: { "python-upstream-sdk": "Python itself refuses the keyword" },
  },
];

// Bindings -----------------------------------------------------------------------------------------------------------------

/** @type {Refusal[]} */
const BINDINGS = [
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
    what: `to get what there is not: ${short(id)}`,
    python: `await (await self.env.SELF.get(${id})).status()`,
    javascript: `this.env.SELF.get(${id}).then((instance) => instance.status())`,
    name: "WorkflowError",
    message: `(instance.not_found) Instance does not exist: ${JSON.parse(id)}`,
    ...unaddressable(id),
  })),
  {
    what: "a locationHint that is none",
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
    what: "a retention of errors that is none",
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

  // Instances --------------------------------------------------------------------------------------------------------------
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
    python: `await (await self.env.SELF.get(event["instanceId"])).send_event({"type": "go", "payload": "x" * 1048576})`,
    javascript: `this.env.SELF.get(event.instanceId).then((it) => it.sendEvent({ type: "go", payload: "x".repeat(1_048_576) }))`,
    name: "WorkflowError",
    message: "The event's payload is too large. Maximum allowed size is 1MiB.",
    differs: { cloudflare: TAKES_ANY },
  },
];

/** @type {Scenario[]} */
export default [
  ...STEPS.map(refused),
  ...BINDINGS.map(refused),
  {
    name: "refusals: a delay function that does not return",
    hangs: true,
    python: `
      @step.do("a", config={"retries": {"limit": 2, "delay": lambda: asyncio.Event().wait()}})
      async def a():
          calls(event).append("a")
          fails("no")
      try:
          await a()
      except Exception as error:
          return [caught(error), calls(event)]`,
    javascript: `
      try {
        await step.do("a", { retries: { limit: 2, delay: () => new Promise(() => {}) } }, async () => {
          calls(event).push("a");
          fails("no");
        });
      } catch (error) {
        return [caught(error), calls(event)];
      }`,
    expect: {
      output: [
        {
          name: "NonRetryableDelayError",
          message: 'The delay function for step "a-1" did not return within 5 seconds',
        },
        ["a"],
      ],
    },
    differs: { cloudflare: FOLDED, "python-upstream-sdk": "a delay function is given one object of JavaScript's" },
  },
];
