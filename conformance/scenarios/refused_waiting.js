/** What sleeps and waits refuse. */

/** @import { Refusal } from "../refused.js" */

import { TAKES_ANY, TYPE_RULE, refused, short } from "../refused.js";

const READ_AS_MS = "it takes what it cannot read as ms, or fails in its timers";
const UNCHECKED_TYPE = "only production checks the type";

/** @type {Refusal[]} */
const REFUSALS = [
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
  ...['"soon"', '"five minutes"', '"5 parsecs"', '"-1 second"', "-5", '""', '"1 year"', '"366 days"'].map(
    (duration) => ({
      what: `a sleep of ${duration}`,
      python: `await step.sleep("nap", ${duration})`,
      javascript: `step.sleep("nap", ${duration})`,
      message: `Sleep "nap" has duration ${duration}; allowed are 0 to 365 days, as ms or such as "5 minutes"`,
      notFor: { cloudflare: READ_AS_MS },
    }),
  ),
  {
    what: "a sleep without end",
    python: `await step.sleep("nap", float("inf"))`,
    javascript: `step.sleep("nap", Infinity)`,
    message: 'Sleep "nap" has duration "Infinity"; allowed are 0 to 365 days, as ms or such as "5 minutes"',
    notFor: { cloudflare: READ_AS_MS },
  },
  {
    what: "a sleep until a time in the past",
    python: `await step.sleep_until("nap", datetime.datetime(2020, 1, 1))`,
    javascript: `step.sleepUntil("nap", new Date("2020-01-01"))`,
    name: "Error",
    message: "You can't sleep until a time in the past, time-traveler",
  },
  {
    what: "a sleep until a time that is invalid",
    python: `await step.sleep_until("nap", float("nan"))`,
    javascript: `step.sleepUntil("nap", NaN)`,
    message: 'Sleep "nap" has end "NaN"; allowed is a time in the next 365 days, as a date or ms since 1970',
    notFor: { cloudflare: READ_AS_MS },
  },
  {
    what: "a sleep until a time in more than a year",
    python: `await step.sleep_until("nap", 9e15)`,
    javascript: `step.sleepUntil("nap", 9e15)`,
    message: 'Sleep "nap" has end 9000000000000000; allowed is a time in the next 365 days, as a date or ms since 1970',
    notFor: { cloudflare: READ_AS_MS },
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
    notFor: { cloudflare: UNCHECKED_TYPE },
  })),
  {
    what: "a wait without a type",
    javascript: `step.waitForEvent("w", {})`,
    name: "WorkflowError",
    message: `(workflow.invalid_event_type) Event type is missing: ${TYPE_RULE}`,
    notFor: { cloudflare: UNCHECKED_TYPE },
  },
  {
    what: "a wait without options",
    javascript: `step.waitForEvent("w")`,
    name: "TypeError",
    message: "step.waitForEvent() takes an object, not undefined.",
    notFor: { cloudflare: UNCHECKED_TYPE },
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

export default REFUSALS.map(refused);
