"""Random workflows, and a `step` that runs them at once and keeps what was executed."""

from __future__ import annotations

import asyncio
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

HEAD = """import asyncio
from workers import WorkflowEntrypoint

PREFIX = "constant"


class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        self.step = step
        chance = event["payload"]
"""


class Program:
    """Writes one workflow: every construct that the graph knows, nested at random."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.count = 0
        self.methods: list[str] = []

    def source(self) -> str:
        body = self.block(0, in_loop=False)
        methods = "".join(textwrap.indent(method, "    ") for method in self.methods)
        return f"{HEAD}{textwrap.indent(body, ' ' * 8)}\n{methods}"

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def block(self, depth: int, *, in_loop: bool) -> str:
        makers = [self.call, self.call, self.sleep, self.together, self.started, self.graph, self.value]
        if depth < 3:
            makers += [self.branch, self.branch, self.loop, self.attempt, self.function, self.method, self.choice]
            makers += [self.match, self.dispatch, self.group, self.filled]
        parts = [self.random.choice(makers)(depth) for _ in range(self.random.randint(1, 3))]
        if in_loop and self.random.random() < 0.3:
            parts.append(f"if chance():\n    {self.random.choice(['break', 'continue'])}\n")
        elif self.random.random() < 0.15:
            end = self.random.choice(["return 1", "raise ValueError('no')"])
            parts.insert(self.random.randrange(len(parts) + 1), f"if chance():\n    {end}\n")
        return "".join(parts)

    def inside(self, depth: int, *, in_loop: bool = False) -> str:
        return textwrap.indent(self.block(depth + 1, in_loop=in_loop), "    ")

    def name(self) -> str:
        key = self.fresh("s")
        return self.random.choice(
            [
                f'"{key}"',
                f'"{key}"',
                '"same"',
                f'f"{key} {{len(str(chance()))}}"',
                f'PREFIX + "{key}"',
                f'"{key} " + str(chance())',
                f'"{key} %s" % chance()',
                "str(chance())",
            ]
        )

    def define(self) -> tuple[str, str]:
        """A step's definition, and the name of its function."""
        function = self.fresh("step_")
        name = self.random.choice([self.name(), ""])
        return f"@step.do({name})\nasync def {function}():\n    return chance()\n", function

    def call(self, _depth: int) -> str:
        text, function = self.define()
        return text + self.random.choice([f"await {function}()\n", f"if await {function}():\n    await {function}()\n"])

    def sleep(self, _depth: int) -> str:
        name = self.name()
        return self.random.choice(
            [
                f"await step.sleep({name}, 1)\n",
                f"nap = step.sleep({name}, '1 second')\nawait nap\n",
                f"await self.step.wait_for_event({name}, 'kind')\n",
            ]
        )

    def value(self, _depth: int) -> str:
        (one, first), (two, second) = self.define(), self.define()
        form = self.random.choice(
            [
                "await {0}() if chance() else await {1}()\n",
                "await {0}() and await {1}()\n",
                "await {0}() or await {1}()\n",
                "chosen = {0} if chance() else {1}\nawait chosen()\n",
                "for each in [{0}, {1}]:\n    await each()\n",
                "[await each() for each in ({0}, {1}) if chance()]\n",
                "waiting = {0}() if chance() else {1}()\nawait waiting\n",
            ]
        )
        return one + two + form.format(first, second)

    def together(self, _depth: int) -> str:
        (one, first), (two, second) = self.define(), self.define()
        form = self.random.choice(
            [
                "await asyncio.gather({0}(), {1}())\n",
                "await asyncio.gather({0}(), {1}(), return_exceptions=True)\n",
                "await asyncio.gather(*[{0}() for _ in range(2)], {1}())\n",
                "waits = [{0}(), {1}()]\nawait asyncio.gather(*waits)\n",
                "for each in asyncio.as_completed([{0}(), {1}()]):\n    await each\n",
                "await asyncio.wait([asyncio.create_task({0}()), asyncio.create_task({1}())])\n",
                "both = asyncio.gather({0}(), {1}())\nawait both\n",
                "await asyncio.gather(*map(lambda each: each(), [{0}, {1}]))\n",
            ]
        )
        return one + two + form.format(first, second)

    def started(self, _depth: int) -> str:
        (one, first), (two, second) = self.define(), self.define()
        return f"{one}{two}task = asyncio.create_task({first}())\nawait {second}()\nawait task\n"

    def filled(self, depth: int) -> str:
        text, function = self.define()
        start = self.random.choice(["{0}()", "asyncio.create_task({0}())"]).format(function)
        return f"{text}tasks = []\nfor _ in range(2):\n    tasks.append({start})\nawait asyncio.gather(*tasks)\n"

    def group(self, depth: int) -> str:
        text, function = self.define()
        inner = self.random.choice(
            [
                "group.create_task({0}())",
                "for _ in range(2):\n    group.create_task({0}())",
                "await {0}()\ngroup.create_task({0}())",
            ]
        )
        return f"{text}async with asyncio.TaskGroup() as group:\n{textwrap.indent(inner.format(function), '    ')}\n"

    def graph(self, _depth: int) -> str:
        names = [self.fresh("node_") for _ in range(4)]
        text = ""
        for index, name in enumerate(names):
            depends = self.random.sample(names[:index], self.random.randint(0, index))
            concurrent = self.random.choice(["", ", concurrent=True"])
            if self.random.random() < 0.5:
                parameters = ", ".join(f"a{at}" for at in range(len(depends)))
                options = f'"{name}!", depends=[{", ".join(depends)}]{concurrent}'
            else:
                parameters, options = ", ".join(depends), concurrent.removeprefix(", ")
            text += f"@step.do({options})\nasync def {name}({parameters}):\n    return 1\n"
        return f"{text}await {names[-1]}()\n"

    def branch(self, depth: int) -> str:
        text = f"if chance():\n{self.inside(depth)}"
        if self.random.random() < 0.4:
            text += f"elif chance():\n{self.inside(depth)}"
        return text + (f"else:\n{self.inside(depth)}" if self.random.random() < 0.5 else "")

    def match(self, depth: int) -> str:
        rest = f"    case _:\n{textwrap.indent(self.inside(depth), '    ')}" if self.random.random() < 0.5 else ""
        return f"match chance():\n    case True:\n{textwrap.indent(self.inside(depth), '    ')}{rest}"

    def loop(self, depth: int) -> str:
        head = self.random.choice(["for number in range(2):", "while chance():", "for a, b in [(1, 2), (3, 4)]:"])
        return f"{head}\n{self.inside(depth, in_loop=True)}"

    def attempt(self, depth: int) -> str:
        fails = "    if chance():\n        raise ValueError('no')\n" if self.random.random() < 0.5 else ""
        text = f"try:\n{fails}{self.inside(depth)}"
        if self.random.random() < 0.7:
            text += f"except ValueError:\n{self.inside(depth)}"
            if self.random.random() < 0.3:
                text += f"else:\n{self.inside(depth)}"
            return text
        return f"{text}finally:\n{self.inside(depth)}"

    def function(self, depth: int) -> str:
        function = self.fresh("helper_")
        own = "@step.do(name)\nasync def own():\n    return 1\nawait own()\n"
        text = f"async def {function}(name):\n{self.inside(depth)}{textwrap.indent(own, '    ')}"
        first, second = self.fresh("called "), self.fresh("called ")
        form = self.random.choice(
            [
                "await {0}({1!r})\n",
                "await {0}({1!r})\nawait {0}({2!r})\n",
                "await asyncio.gather({0}({1!r}), {0}({2!r}))\n",
                "await asyncio.gather(*({0}(each) for each in [{1!r}, {2!r}]))\n",
            ]
        )
        return text + form.format(function, first, second)

    def method(self, _depth: int) -> str:
        method, key = self.fresh("method_"), self.fresh("m")
        body = (
            f'@self.step.do("{key}")\nasync def work():\n    return chance()\n'
            f"if await work() and chance():\n    await self.{method}(lambda: False)\n"
        )
        self.methods.append(f"async def {method}(self, chance):\n{textwrap.indent(body, '    ')}")
        return f"await self.{method}(chance)\n"

    def choice(self, _depth: int) -> str:
        maker = self.fresh("make_")
        made = f'@step.do(f"{maker} {{number}}")\nasync def made():\n    return 1\nreturn made\n'
        form = self.random.choice(
            [
                "await {0}(1)()\n",
                "for number in range(2):\n    await {0}(number)()\n",
                "await asyncio.gather(*({0}(number)() for number in range(2)))\n",
            ]
        )
        return f"def {maker}(number):\n{textwrap.indent(made, '    ')}{form.format(maker)}"

    def dispatch(self, _depth: int) -> str:
        (one, first), (two, second) = self.define(), self.define()
        return f"{one}{two}handlers = {{True: {first}, False: {second}}}\nawait handlers[chance()]()\n"


class RecordingStep:
    """A `step` that keeps nothing, with dependencies as the SDK resolves them."""

    def __init__(self) -> None:
        self.executed: list[tuple[str, str, int]] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._by_name: dict[str, Any] = {}

    def _record(self, kind: str, name: str) -> None:
        self._counts[kind, name] += 1
        self.executed.append((kind, name, self._counts[kind, name]))

    def do(self, name: str | None = None, depends: list[Any] | None = None, *, concurrent: bool = False) -> Any:
        def decorate(function: Any) -> Any:
            step_name = name if name is not None else function.__name__
            memory: list[Any] = []

            async def call() -> Any:
                names = function.__code__.co_varnames[: function.__code__.co_argcount]
                needed = depends if depends is not None else [self._by_name[each] for each in names]
                resolve = [each.result_of() for each in needed]
                given = await asyncio.gather(*resolve) if concurrent else [await each for each in resolve]
                self._record("do", step_name)
                await asyncio.sleep(0)
                memory[:] = [await function(*given)]
                return memory[0]

            async def result_of() -> Any:
                return memory[0] if memory else await call()

            call.result_of = result_of  # type: ignore[attr-defined]
            self._by_name[step_name] = self._by_name[function.__name__] = call
            return call

        return decorate

    def sleep(self, name: str, _duration: object) -> asyncio.Future[None]:
        self._record("sleep", name)
        return asyncio.ensure_future(asyncio.sleep(0))

    async def wait_for_event(self, name: str, _event_type: str) -> None:
        self._record("waitForEvent", name)
