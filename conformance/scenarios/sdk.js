/** Forms of Python's own SDK, which JavaScript has no twin of. */

/** @import { Scenario } from "../scenario.d.ts" */

/** @type {[string, string, unknown][]} */
const FORMS = [
  [
    "a step without a name has that of its function",
    `
      @step.do()
      async def fetch_order(ctx):
          return ctx["step"]["name"]
      return await fetch_order()`,
    "fetch_order",
  ],
  [
    "depends by position",
    `
      @step.do("one")
      async def one():
          return 1
      @step.do("two")
      async def two():
          return 2
      @step.do("sum", depends=[one, two])
      async def total(x, y):
          return [x, y]
      return await total()`,
    [1, 2],
  ],
  [
    "depends by position, with the context among the parameters",
    `
      @step.do("one")
      async def one():
          return 1
      @step.do("sum", depends=[one])
      async def total(ctx, x):
          return [x, ctx["attempt"]]
      return await total()`,
    [1, 1],
  ],
  [
    "depends that does not fit the parameters is an error",
    `
      @step.do("one")
      async def one():
          return 1
      try:
          @step.do("sum", depends=[one])
          async def total(x, y):
              return x
          await total()
      except TypeError:
          return "TypeError"`,
    "TypeError",
  ],
  [
    "a dependency by the name of its step",
    `
      @step.do("base")
      async def something_else():
          return 5
      @step.do("use")
      async def use(base):
          return base
      return await use()`,
    5,
  ],
  [
    "a dependency by the name of its function",
    `
      @step.do("the base")
      async def base():
          return 5
      @step.do("use")
      async def use(base):
          return base
      return await use()`,
    5,
  ],
  [
    "a dependency that is declared after its dependent",
    `
      @step.do("use")
      async def use(base):
          return base
      @step.do("base")
      async def base():
          return 5
      return await use()`,
    5,
  ],
  [
    "bare @step.do is an error at once",
    `
      try:
          @step.do
          async def a():
              return 1
      except TypeError:
          return "TypeError"`,
    "TypeError",
  ],
  [
    "a decorated step takes no arguments",
    `
      @step.do("a")
      async def a():
          return 1
      try:
          await a(1)
      except TypeError:
          return "TypeError"`,
    "TypeError",
  ],
  [
    "to decorate starts nothing",
    `
      @step.do("a")
      async def a():
          calls(event).append("a")
      return calls(event)`,
    [],
  ],
  [
    "a result is remembered for dependents only: two calls are two steps",
    `
      @step.do("a")
      async def a(ctx):
          return ctx["step"]["count"]
      @step.do("b")
      async def b(a):
          return a
      return [await a(), await a(), await b()]`,
    [1, 2, 2],
  ],
  [
    "timedelta is a duration",
    `
      await step.sleep("nap", datetime.timedelta(hours=2))
      return "up"`,
    "up",
  ],
  [
    "sleep takes keywords",
    `
      await step.sleep(name="nap", duration="1 hour")
      return "up"`,
    "up",
  ],
  [
    "event, context and results have attributes",
    `
      @step.do("a")
      async def a(ctx):
          return {"n": ctx.step.count}
      return (await a()).n`,
    1,
  ],
  [
    "a task group",
    `
      @step.do("a")
      async def a():
          return 1
      @step.do("b")
      async def b():
          return 2
      async with asyncio.TaskGroup() as group:
          first, second = group.create_task(a()), group.create_task(b())
      return [first.result(), second.result()]`,
    [1, 2],
  ],
  [
    "asyncio.timeout around a step does not end the step",
    `
      @step.do("slow")
      async def slow():
          await asyncio.sleep(0.05)
          calls(event).append("slow")
          return "slow"
      try:
          async with asyncio.timeout(0.01):
              await slow()
      except TimeoutError:
          pass
      await asyncio.sleep(0.1)
      return calls(event)`,
    ["slow"],
  ],
  [
    "except Exception around a sleep does not catch parking",
    `
      try:
          await step.sleep("nap", "3 days")
      except Exception:
          calls(event).append("caught")
      return calls(event)`,
    [],
  ],
  [
    "finally around a sleep runs in the end, and steps in it",
    `
      try:
          await step.sleep("nap", "3 days")
      finally:
          if event:
              calls(event).append("finally")
      return len(calls(event)) >= 1`,
    true,
  ],
  [
    "a datetime keeps its microseconds",
    `
      @step.do("a")
      async def a():
          return datetime.datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=datetime.UTC)
      found = await a()
      await step.sleep("nap", "1 hour")
      return found.microsecond`,
    123_456,
  ],
  [
    "a dataclass is refused with a remedy",
    `
      import dataclasses
      @dataclasses.dataclass
      class Order:
          n: int
      @step.do("a")
      async def a():
          return Order(1)
      try:
          await a()
      except TypeError as error:
          return "Order" in str(error)`,
    true,
  ],
  [
    "a generator is refused",
    `
      @step.do("a")
      async def a():
          return (n for n in [1])
      try:
          await a()
      except TypeError as error:
          return "generator" in str(error)`,
    true,
  ],
];

/** What Cloudflare's own SDK has not, or has otherwise. @type {Record<string, string>} */
const UPSTREAM_SDK = {
  "a dependency by the name of its function": "a parameter names a step, never its function",
  "bare @step.do is an error at once": "it takes the function for the name, and says nothing",
  "timedelta is a duration": "it has no timedelta",
  "sleep takes keywords": "it takes none",
  "a datetime keeps its microseconds": "a date is one of JavaScript's, of milliseconds",
  "a dataclass is refused with a remedy": "the refusal comes back as JsException",
  "a generator is refused": "the refusal comes back as JsException",
};

/** @type {Scenario[]} */
export default FORMS.map(([what, python, output]) => ({
  name: `python: ${what}`,
  python,
  expect: { output },
  ...(UPSTREAM_SDK[what] ? { differs: { "python-upstream-sdk": UPSTREAM_SDK[what] } } : {}),
  ...(what.includes("group") ? { unordered: true } : {}),
}));
