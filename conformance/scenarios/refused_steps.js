/** What `step.do()` refuses: names, callbacks, configurations, rollbacks, and what delay functions give. */

/** @import { Refusal } from "../refused.js" */
/** @import { Scenario } from "../scenario.d.ts" */

import { NO_ROLLBACK } from "../reasons.js";
import { FOLDED, SAYS_LESS, TAKES_ANY, refused, short } from "../refused.js";

const SEE = "See https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/";
const LONG = "x".repeat(257);

/** @param {string} problem */
const sentence = (problem) => (problem.endsWith("?") ? problem : `${problem}.`);

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
    "a delay that is invalid",
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
    "a timeout that is invalid",
    '{"timeout": "soon"}',
    'timeout must be a duration above 0, such as 5000 (ms) or "5 minutes", not "soon"',
  ],
]);

const OF_STEPS = /** @type {const} */ ([
  ["sensitive as a number", '{"sensitive": 1}', 'sensitive must be "output", not 1'],
  ["sensitive for all", '{"sensitive": "all"}', 'sensitive must be "output", not "all"'],
  ["text in its place", '"soon"', 'config must be an object, not "soon"'],
  ["a list in its place", "[1]", "config must be an object, not [1]"],
]);

/** @type {Refusal[]} */
const REFUSALS = [
  ...[`"${LONG}"`, '"a\\u0001b"', '"a\\nb"', '"\\u0000"'].map((name) => ({
    what: `step name ${short(name)}`,
    python: stepOf(name),
    javascript: `step.do(${name}, async () => 1)`,
    message: `Step name "${JSON.parse(name)}" exceeds max length (256 chars) or invalid characters found`,
    differs: { cloudflare: FOLDED },
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
    message: `Step config for "a" is in a invalid format: ${sentence(problem)} ${SEE}`,
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
    message: `Rollback config for "a" is in a invalid format: ${sentence(problem)} ${SEE}`,
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
    ["rejects", "odd()", "odd()", "threw an error: odd"],
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
      async def odd():
          fails("odd")
      @step.do("a", config={"retries": {"limit": 2, "delay": lambda: ${python}}})
      async def a():
          fails("no")
      await a()`,
    javascript: `(async () => {
      const odd = async () => fails("odd");
      await step.do("a", { retries: { limit: 2, delay: () => ${javascript} } }, async () => fails("no"));
    })()`,
    name: "NonRetryableDelayError",
    message: `The delay function for step "a-1" ${text}`,
    differs: { cloudflare: FOLDED, "python-upstream-sdk": "a delay function is given one object of JavaScript's" },
  })),
];

/** @type {Scenario[]} */
export default [
  ...REFUSALS.map(refused),
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
