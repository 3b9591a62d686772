/** Steps that run side by side, and graphs of them. */

/** @import { Scenario } from "../scenario.d.ts" */

/** @type {Scenario[]} */
export default [
  {
    name: "graphs: two steps at once",
    unordered: true,
    python: `
      @step.do("a")
      async def a():
          return 1
      @step.do("b")
      async def b():
          return 2
      return await asyncio.gather(a(), b())`,
    javascript: `return await Promise.all([step.do("a", async () => 1), step.do("b", async () => 2)]);`,
    expect: { output: [1, 2] },
  },
  {
    name: "graphs: fan out over 60 and in again",
    unordered: true,
    python: `
      def part(i):
          @step.do(f"part {i}")
          async def one():
              return i * i
          return one()
      parts = await asyncio.gather(*[part(i) for i in range(60)])
      @step.do("sum")
      async def total():
          return sum(parts)
      return await total()`,
    javascript: `
      const parts = await Promise.all(Array.from({ length: 60 }, (_, i) => step.do(\`part \${i}\`, async () => i * i)));
      return await step.do("sum", async () => parts.reduce((a, b) => a + b, 0));`,
    expect: { output: 70_210 },
  },
  {
    name: "graphs: a diamond",
    unordered: true,
    python: `
      @step.do("top")
      async def top():
          return 1
      @step.do("left")
      async def left(top):
          return top + 1
      @step.do("right")
      async def right(top):
          return top + 2
      @step.do("bottom", concurrent=True)
      async def bottom(left, right):
          return [left, right]
      return await bottom()`,
    javascript: `
      const top = step.do("top", async () => 1);
      const left = top.then((n) => step.do("left", async () => n + 1));
      const right = top.then((n) => step.do("right", async () => n + 2));
      const both = await Promise.all([left, right]);
      return await step.do("bottom", async () => both);`,
    expect: { output: [2, 3] },
  },
  {
    name: "graphs: a deep diamond runs the shared step once",
    unordered: true,
    python: `
      @step.do("root")
      async def root():
          calls(event).append("root")
          return 1
      @step.do("a")
      async def a(root):
          return root
      @step.do("b")
      async def b(root):
          return root
      @step.do("c", concurrent=True)
      async def c(a, root):
          return a + root
      @step.do("d", concurrent=True)
      async def d(b, root):
          return b + root
      @step.do("end", concurrent=True)
      async def end(c, d):
          return [c, d, len(calls(event))]
      return await end()`,
    javascript: `
      const root = step.do("root", async () => {
        calls(event).push("root");
        return 1;
      });
      const a = root.then((n) => step.do("a", async () => n));
      const b = root.then((n) => step.do("b", async () => n));
      const c = Promise.all([a, root]).then(([x, y]) => step.do("c", async () => x + y));
      const d = Promise.all([b, root]).then(([x, y]) => step.do("d", async () => x + y));
      const [x, y] = await Promise.all([c, d]);
      return await step.do("end", async () => [x, y, calls(event).length]);`,
    expect: { output: [2, 2, 1] },
  },
  {
    name: "graphs: dependencies one after the other",
    python: `
      @step.do("a")
      async def a():
          return 1
      @step.do("b")
      async def b():
          return 2
      @step.do("both")
      async def both(a, b):
          return [a, b]
      return await both()`,
    javascript: `
      const a = await step.do("a", async () => 1);
      const b = await step.do("b", async () => 2);
      return await step.do("both", async () => [a, b]);`,
    expect: { output: [1, 2] },
  },
  {
    name: "graphs: a dependency that fails keeps its dependent from starting",
    python: `
      @step.do("bad", config={"retries": {"limit": 0, "delay": 1}})
      async def bad():
          fails("no")
      @step.do("after")
      async def after(bad):
          calls(event).append("after")
      try:
          await after()
      except TypeError:
          return calls(event)`,
    javascript: `
      try {
        await step.do("bad", { retries: { limit: 0, delay: 1 } }, async () => fails("no"));
        await step.do("after", async () => void calls(event).push("after"));
      } catch {
        return calls(event);
      }`,
    expect: { output: [] },
  },
  {
    name: "graphs: one of three fails, the others end",
    unordered: true,
    python: `
      @step.do("a")
      async def a():
          return "a"
      @step.do("b", config={"retries": {"limit": 0, "delay": 1}})
      async def b():
          fails("b fails")
      @step.do("c")
      async def c():
          return "c"
      found = await asyncio.gather(a(), b(), c(), return_exceptions=True)
      return [str(each) for each in found]`,
    javascript: `
      const found = await Promise.allSettled([
        step.do("a", async () => "a"),
        step.do("b", { retries: { limit: 0, delay: 1 } }, async () => fails("b fails")),
        step.do("c", async () => "c"),
      ]);
      return found.map(({ value, reason }) => value ?? reason.message);`,
    expect: { output: ["a", "b fails", "c"] },
    differs: { "python-upstream-sdk": "the class's name stands before the message of what a step has raised" },
  },
  {
    name: "graphs: a step and a sleep at once",
    unordered: true,
    python: `
      @step.do("a")
      async def a():
          return 1
      found = await asyncio.gather(a(), step.sleep("nap", "1 hour"))
      return found[0]`,
    javascript: `
      const [a] = await Promise.all([step.do("a", async () => 1), step.sleep("nap", "1 hour")]);
      return a;`,
    expect: { output: 1 },
  },
  {
    name: "graphs: a race between a step and a sleep",
    unordered: true,
    python: `
      @step.do("a")
      async def a():
          return "step"
      async def nap():
          await step.sleep("nap", "1 hour")
          return "sleep"
      done, _ = await asyncio.wait([asyncio.ensure_future(a()), asyncio.ensure_future(nap())], return_when=asyncio.FIRST_COMPLETED)
      return done.pop().result()`,
    javascript: `
      return await Promise.race([step.do("a", async () => "step"), step.sleep("nap", "1 hour").then(() => "sleep")]);`,
    expect: { output: "step" },
  },
  {
    name: "graphs: three sleeps at once take as long as the longest",
    unordered: true,
    python: `
      await asyncio.gather(step.sleep("a", "1 hour"), step.sleep("b", "2 hours"), step.sleep("c", "3 hours"))
      return "up"`,
    javascript: `
      await Promise.all([step.sleep("a", "1 hour"), step.sleep("b", "2 hours"), step.sleep("c", "3 hours")]);
      return "up";`,
    expect: { output: "up" },
  },
  {
    name: "graphs: the same name twice at once counts in the order of the calls",
    unordered: true,
    python: `
      def one(what):
          @step.do("x")
          async def x(ctx):
              return [what, ctx["step"]["count"]]
          return x()
      return await asyncio.gather(one("first"), one("second"))`,
    javascript: `
      const one = (what) => step.do("x", async (ctx) => [what, ctx.step.count]);
      return await Promise.all([one("first"), one("second")]);`,
    expect: { output: [["first", 1], ["second", 2]] }, // prettier-ignore
  },
  {
    name: "graphs: branches of their own pace survive a replay",
    unordered: true,
    python: `
      async def branch(name, hours):
          await step.sleep(f"{name} nap", f"{hours} hours")
          @step.do(name)
          async def work():
              calls(event).append(name)
              return name
          return await work()
      found = await asyncio.gather(branch("slow", 3), branch("fast", 2))
      return [found, calls(event)]`,
    javascript: `
      const branch = async (name, nap) => {
        await nap;
        return await step.do(name, async () => {
          calls(event).push(name);
          return name;
        });
      };
      const found = await Promise.all([
        branch("slow", step.sleep("slow nap", "3 hours")),
        branch("fast", step.sleep("fast nap", "2 hours")),
      ]);
      return [found, calls(event)];`,
    expect: { output: [["slow", "fast"], ["fast", "slow"]] }, // prettier-ignore
  },
  {
    name: "graphs: a cycle of dependencies is an error that names it",
    python: `
      @step.do("a")
      async def a(b):
          return b
      @step.do("b")
      async def b(a):
          return a
      try:
          await a()
      except TypeError as error:
          return "a" in str(error) and "b" in str(error) and not calls(event)`,
    expect: { output: true },
    differs: { "python-upstream-sdk": "a circle of dependencies ends in RecursionError" },
  },
  {
    name: "graphs: a parameter that names no step is an error",
    python: `
      @step.do("a")
      async def a(nothing_like_it):
          return 1
      try:
          await a()
      except TypeError as error:
          return "nothing_like_it" in str(error)`,
    expect: { output: true },
  },
  {
    name: "graphs: a step that is redefined in a loop",
    python: `
      found = []
      for i in range(3):
          @step.do("base")
          async def base():
              return i
          @step.do("use")
          async def use(base):
              return base
          found.append(await use())
      return found`,
    javascript: `
      const found = [];
      for (let i = 0; i < 3; i++) {
        const base = await step.do("base", async () => i);
        found.push(await step.do("use", async () => base));
      }
      return found;`,
    expect: { output: [0, 1, 2] },
  },
];
