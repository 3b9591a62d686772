/** Which outcome is known first decides what happens next, and a replay takes the same branches. */

/** @import { Run, Scenario } from "../scenario.d.ts" */

import { NO_RETRY } from "../flows.js";
import { NO_CRASH } from "../reasons.js";

const ONLY_OURS = { cloudflare: NO_CRASH };
const SHARED = "its steps that depend on one step get the same object";
const NO_ROLLBACKS = "its steps have no rollback";
const JS_EXCEPTION = "what a step raises comes back as JsException, without its fields";

/**
 * Events come in an order that is not that of the waits. Then the engine dies while the instance sleeps.
 *
 * @param {string[]} types
 */
function inOrder(...types) {
  return async (/** @type {Run} */ run) => {
    await run.create();
    for (const type of types) {
      await run.settle();
      await run.event(type, type);
    }
    await run.settle();
    await run.crash();
    await run.finish();
  };
}

const WAIT = `
      def wait(x):
          return step.wait_for_event(f"wait {x}", x, timeout="1 day")`;
const JS_WAIT = `
      const wait = (x) => step.waitForEvent("wait " + x, { type: x, timeout: "1 day" });`;

/** @type {Scenario[]} */
const scenarios = [
  {
    name: "orders: steps of one name belong to the branches whose outcomes came first",
    python: `${WAIT}
      async def chain(x):
          await wait(x)
          @step.do("save")
          async def save():
              return f"saved {x}"
          return [x, await save()]
      saved = await asyncio.gather(chain("slow"), chain("fast"))
      await step.sleep("nap", "1 hour")
      return saved`,
    javascript: `${JS_WAIT}
      const chain = async (x) => {
        await wait(x);
        return [x, await step.do("save", async () => "saved " + x)];
      };
      const saved = await Promise.all([chain("slow"), chain("fast")]);
      await step.sleep("nap", "1 hour");
      return saved;`,
    drive: inOrder("fast", "slow"),
    expect: { output: [["slow", "saved slow"], ["fast", "saved fast"]] }, // prettier-ignore
  },
  {
    name: "orders: a race is won by the same wait",
    python: `${WAIT}
      waits = {asyncio.ensure_future(wait(x)): x for x in "abc"}
      done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
      winner = [waits[each] for each in done]
      @step.do(f"serve {winner[0]}")
      async def serve():
          return winner[0]
      served = await serve()
      await asyncio.gather(*waits)
      await step.sleep("nap", "1 hour")
      return [winner, served]`,
    javascript: `${JS_WAIT}
      const waits = ["a", "b", "c"].map(async (x) => (await wait(x)) && x);
      const winner = await Promise.race(waits);
      const served = await step.do("serve " + winner, async () => winner);
      await Promise.all(waits);
      await step.sleep("nap", "1 hour");
      return [[winner], served];`,
    drive: inOrder("c", "a", "b"),
    expect: { output: [["c"], "c"] },
  },
  {
    name: "orders: of two outcomes that come at once the first is known alone",
    python: `${WAIT}
      waits = [asyncio.ensure_future(wait(x)) for x in "ab"]
      done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
      first = len(done)
      await asyncio.gather(*waits)
      await step.sleep("nap", "1 hour")
      return first`,
    javascript: `${JS_WAIT}
      let done = 0;
      const waits = ["a", "b"].map(async (x) => {
        await wait(x);
        done += 1;
      });
      await Promise.race(waits);
      const first = done;
      await Promise.all(waits);
      await step.sleep("nap", "1 hour");
      return first;`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await Promise.all([run.event("b"), run.event("a")]);
      await run.settle();
      await run.crash();
      await run.finish();
    },
    expect: { output: 1 },
  },
  {
    name: "orders: a queue between branches gives what was put first",
    python: `${WAIT}
      queue = asyncio.Queue()
      async def ask(x):
          await wait(x)
          await queue.put(x)
      asking = [asyncio.ensure_future(ask(x)) for x in "abc"]
      shipped = []
      for n in range(3):
          x = await queue.get()
          @step.do(f"ship {n}")
          async def ship():
              return x
          shipped.append([x, await ship()])
          if n == 1:
              await step.sleep("nap", "1 hour")
      return shipped`,
    javascript: `${JS_WAIT}
      const queue = [];
      let wake = () => {};
      const ask = async (x) => {
        await wait(x);
        queue.push(x);
        wake();
      };
      const asking = ["a", "b", "c"].map(ask);
      const shipped = [];
      for (const n of [0, 1, 2]) {
        while (queue.length === 0) await new Promise((resolve) => void (wake = resolve));
        const x = queue.shift();
        shipped.push([x, await step.do("ship " + n, async () => x)]);
        if (n === 1) await step.sleep("nap", "1 hour");
      }
      return shipped;`,
    drive: inOrder("c", "b", "a"),
    expect: { output: [["c", "c"], ["b", "b"], ["a", "a"]] }, // prettier-ignore
  },
  {
    name: "orders: what is appended as it comes stands in the same order",
    python: `${WAIT}
      seen = []
      for each in asyncio.as_completed([wait(x) for x in "abcd"]):
          event = await each
          seen.append(event["payload"])
          @step.do(f"note {len(seen)}")
          async def note():
              return list(seen)
          await note()
      await step.sleep("nap", "1 hour")
      return [seen, await note()]`,
    javascript: `${JS_WAIT}
      const seen = [];
      let note;
      let last = Promise.resolve();
      await Promise.all(["a", "b", "c", "d"].map(async (x) => {
        seen.push((await wait(x)).payload);
        note = () => step.do("note " + seen.length, async () => [...seen]);
        await note();
      }));
      await step.sleep("nap", "1 hour");
      return [seen, await note()];`,
    drive: inOrder("d", "b", "a", "c"),
    expect: { output: [["d", "b", "a", "c"], ["d", "b", "a", "c"]] }, // prettier-ignore
  },
  {
    name: "orders: the first failure of many is the one that is caught",
    python: `${WAIT}
      async def fail(x):
          await wait(x)
          @step.do(f"fail {x}", config=${NO_RETRY})
          async def one():
              fails(x)
          await one()
      try:
          await asyncio.gather(*[fail(x) for x in "abc"])
      except Exception as error:
          caught = str(error)[-1:]
      @step.do(f"report {caught}")
      async def report():
          return caught
      await report()
      await wait("end")
      await step.sleep("nap", "1 hour")
      return caught`,
    javascript: `${JS_WAIT}
      const fail = async (x) => {
        await wait(x);
        await step.do("fail " + x, ${NO_RETRY}, async () => fails(x));
      };
      let caught;
      try {
        await Promise.all(["a", "b", "c"].map(fail));
      } catch (error) {
        caught = error.message;
      }
      await step.do("report " + caught, async () => caught);
      await wait("end");
      await step.sleep("nap", "1 hour");
      return caught;`,
    drive: inOrder("b", "c", "a", "end"),
    expect: { output: "b" },
  },
  {
    name: "orders: a task group gives up what had not come",
    python: `${WAIT}
      seen = []
      async def one(x):
          await wait(x)
          @step.do(f"one {x}", config=${NO_RETRY})
          async def do():
              if x == "b":
                  fails("b")
              return x
          seen.append(await do())
      try:
          async with asyncio.TaskGroup() as group:
              for x in "abc":
                  group.create_task(one(x))
      except* Exception as group:
          seen.append(len(group.exceptions))
      await step.sleep("nap", "1 hour")
      @step.do("end")
      async def end():
          return seen
      return await end()`,
    drive: inOrder("c", "b"),
    expect: { output: ["c", 1] },
  },
  {
    name: "orders: a condition is held while a step runs",
    python: `${WAIT}
      condition, log = asyncio.Condition(), []
      async def take(x):
          await wait(x)
          async with condition:
              @step.do(f"take {x}")
              async def do():
                  return x
              log.append(await do())
              condition.notify_all()
      async def both():
          async with condition:
              await condition.wait_for(lambda: len(log) == 2)
      await asyncio.gather(take("a"), take("b"), both())
      await step.sleep("nap", "1 hour")
      return log`,
    drive: inOrder("b", "a"),
    expect: { output: ["b", "a"] },
  },
  {
    name: "orders: a sleep that came first stays the first when the event has come too",
    python: `
      approval = asyncio.ensure_future(step.wait_for_event("approval", "approve", timeout="1 day"))
      patience = asyncio.ensure_future(step.sleep("patience", "1 minute"))
      await asyncio.wait({approval, patience}, return_when=asyncio.FIRST_COMPLETED)
      what = "ship" if approval.done() else "cancel"
      @step.do(what)
      async def act():
          calls(event).append(what)
          return what
      await act()
      await step.sleep("cool down", "1 hour")
      return [what, calls(event)]`,
    javascript: `
      let approved = false;
      const approval = step.waitForEvent("approval", { type: "approve", timeout: "1 day" }).then(() => void (approved = true));
      await Promise.race([approval, step.sleep("patience", "1 minute")]);
      const what = approved ? "ship" : "cancel";
      await step.do(what, async () => void calls(event).push(what));
      await step.sleep("cool down", "1 hour");
      return [what, calls(event)];`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.pass("2 minutes");
      await run.settle();
      await run.event("approve");
      await run.crash();
      await run.finish();
    },
    expect: { output: ["cancel", ["cancel"]] },
  },
  {
    name: "orders: a large result keeps its place between small ones",
    python: `${WAIT}
      seen = []
      async def one(x, size):
          await wait(x)
          @step.do(f"one {x}")
          async def do():
              return x * size
          seen.append((await do())[:1])
      await asyncio.gather(one("a", 1), one("b", 100_000), one("c", 1))
      await step.sleep("nap", "1 hour")
      @step.do("end")
      async def end():
          return seen
      return await end()`,
    javascript: `${JS_WAIT}
      const seen = [];
      const one = async (x, size) => {
        await wait(x);
        seen.push((await step.do("one " + x, async () => x.repeat(size)))[0]);
      };
      await Promise.all([one("a", 1), one("b", 100_000), one("c", 1)]);
      await step.sleep("nap", "1 hour");
      return await step.do("end", async () => seen);`,
    drive: inOrder("c", "b", "a"),
    expect: { output: ["c", "b", "a"] },
  },
  {
    name: "orders: a timer of run() that a step follows fires in a replay too",
    python: `${WAIT}
      reply = asyncio.ensure_future(wait("reply"))
      try:
          await asyncio.wait_for(asyncio.shield(reply), 0.05)
          way = "reply"
      except TimeoutError:
          @step.do("remind")
          async def remind():
              return "reminder"
          way = await remind()
      await reply
      await step.sleep("nap", "1 hour")
      return way`,
    javascript: `${JS_WAIT}
      const reply = wait("reply");
      const timer = new Promise((resolve) => void setTimeout(resolve, 50, "late"));
      let way = "reply";
      if ((await Promise.race([reply, timer])) === "late") way = await step.do("remind", async () => "reminder");
      await reply;
      await step.sleep("nap", "1 hour");
      return way;`,
    drive: inOrder("reply"),
    expect: { output: "reminder" },
  },
  {
    name: "orders: each handler of a rollback gets the output of its own step",
    python: `${WAIT}
      async def book(x):
          await wait(x)
          @step.do("book", rollback=lambda output: print("undo", x, "with", output))
          async def do():
              return f"booking of {x}"
          await do()
      await asyncio.gather(book("Rome"), book("Oslo"))
      await step.sleep("nap", "1 hour")
      fails("declined")`,
    javascript: `${JS_WAIT}
      const book = async (x) => {
        await wait(x);
        const rollback = async ({ output }) => void console.log("undo " + x + " with " + output);
        await step.do("book", async () => "booking of " + x, { rollback });
      };
      await Promise.all([book("Rome"), book("Oslo")]);
      await step.sleep("nap", "1 hour");
      fails("declined");`,
    notFor: { "python-upstream-sdk": NO_ROLLBACKS },
    drive: inOrder("Oslo", "Rome"),
    expect: {
      status: "errored",
      error: { name: "TypeError", message: "declined" },
      says: [/undo Oslo with booking of Oslo/, /undo Rome with booking of Rome/],
    },
  },
  {
    name: "orders: a rollback finds the handler behind the race that was won",
    python: `${WAIT}
      waits = {asyncio.ensure_future(wait(x)): x for x in ("slow", "fast")}
      done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
      who = waits[done.pop()]
      @step.do(f"reserve {who}", rollback=lambda output: print("release", output))
      async def reserve():
          return f"ref-{who}"
      await reserve()
      await step.sleep("nap", "1 hour")
      fails("declined")`,
    javascript: `${JS_WAIT}
      const who = await Promise.race(["slow", "fast"].map(async (x) => (await wait(x)) && x));
      const rollback = async ({ output }) => void console.log("release " + output);
      await step.do("reserve " + who, async () => "ref-" + who, { rollback });
      await step.sleep("nap", "1 hour");
      fails("declined");`,
    notFor: { "python-upstream-sdk": NO_ROLLBACKS },
    drive: inOrder("fast"),
    expect: { status: "errored", error: { name: "TypeError", message: "declined" }, says: [/release ref-fast/] },
  },
  {
    name: "orders: steps that depend on one step get a result of their own",
    python: `
      @step.do("rows")
      async def rows():
          return [3, 1, 2]
      @step.do("smallest")
      async def smallest(rows):
          rows.sort()
          return rows[0]
      @step.do("first")
      async def first(rows):
          return rows[0]
      await smallest()
      await step.sleep("nap", "1 hour")
      return await first()`,
    expect: { output: 3 },
    notFor: { "python-upstream-sdk": SHARED },
  },
  {
    name: "orders: what an except clause sees is the same before and after a replay",
    python: `
      class Declined(Exception):
          def __init__(self, who, *, code):
              super().__init__(f"{who} declined")
              self.code, self.handle = code, object()
      @step.do("fan", config=${NO_RETRY})
      async def fan():
          raise ExceptionGroup("all", [Carrying("a", 42), KeyError("k", (1, 2)), Declined("b", code=1)])
      seen = []
      async def look():
          try:
              await fan()
          except* Carrying as group:
              seen.append([[str(each), each.value] for each in group.exceptions])
          except* KeyError as group:
              seen.append([[each.args[0], isinstance(each.args[1], tuple)] for each in group.exceptions])
          except* Exception as group:
              seen.append([[str(each), hasattr(each, "handle")] for each in group.exceptions])
      await look()
      @step.do("live")
      async def live():
          return list(seen)
      before = await live()
      await step.sleep("nap", "1 hour")
      return [before == seen, seen]`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.crash();
      await run.finish();
    },
    expect: { output: [true, [[["a", 42]], [["k", true]], [["b declined", false]]]] },
    differs: { "python-upstream-sdk": JS_EXCEPTION },
  },
  {
    name: "orders: lines that run() prints are shown once",
    python: `
      for n in range(3):
          print(f"round {n}.")
          await step.sleep("nap", "1 minute")
      @step.do("large")
      async def large():
          return "a" * 100_000
      print("before large.")
      await large()
      print("after large.")
      await asyncio.gather(step.sleep("long", "1 hour"), step.wait_for_event("go", "go", timeout="1 day"))
      print("end.")`,
    javascript: `
      for (const n of [0, 1, 2]) {
        console.log("round " + n + ".");
        await step.sleep("nap", "1 minute");
      }
      console.log("before large.");
      await step.do("large", async () => "a".repeat(100_000));
      console.log("after large.");
      await Promise.all([step.sleep("long", "1 hour"), step.waitForEvent("go", { type: "go", timeout: "1 day" })]);
      console.log("end.");`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.pass("10 minutes");
      await run.settle();
      await run.event("go");
      await run.finish();
    },
    expect: {
      says: [/^round 0\.\nround 1\.\nround 2\.\nbefore large\.\nafter large\.\nend\.\n$/],
    },
  },
];

export default scenarios.map((each) => ({ unordered: true, ...each, notFor: { ...ONLY_OURS, ...each.notFor } }));
