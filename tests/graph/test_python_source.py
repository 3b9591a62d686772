"""What the graph says of a Python source, one construct at a time; the corpus has the whole programs."""

import json
import textwrap

import pytest
from graph_flows import FOLDER, reader

from workflow_graph import build_graph, node_at, node_of_step, workflow_classes

HEAD = "import asyncio\nfrom workers import WorkflowEntrypoint\n"


def workflow(body, head=""):
    """A class `Flow` whose `run` has *body*."""
    run = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    method = f"    async def run(self, event, step):\n{run}\n"
    return f"{HEAD}{textwrap.dedent(head)}\nclass Flow(WorkflowEntrypoint):\n{method}"


def graph_of(source):
    return build_graph(reader({"main.py": source}), "main.py", "Flow")


def nodes_of(source):
    return graph_of(source)["workflow"]["nodes"]


STEP = """
@step.do("work")
async def work():
    return 1
"""


def test_place():
    """A node says where its call is in the source."""
    nodes = nodes_of(workflow('await step.sleep("nap", 1)'))

    assert {"file": "main.py", "line": 6, "column": 15} == nodes[0]["at"]


def test_syntax_error():
    """A source that does not parse gives a node that says why, and where."""
    nodes = nodes_of("x = 1\ny = = 2\n")

    assert "main.py" == nodes[0]["error"]["file"]
    assert 2 == nodes[0]["error"]["line"]
    assert nodes[0]["error"]["message"] in nodes[0]["name"]


@pytest.mark.parametrize(
    "source",
    ["", "\0", "class Other: pass", "class Flow: pass", "x = " + "(" * 500 + ")" * 500, "Flow = 1", "import Flow"],
    ids=["empty", "null byte", "other class", "no run", "too deep", "no class", "a library"],
)
def test_nothing_to_draw(source):
    """A source without the workflow gives one node, with the reason."""
    (node,) = nodes_of(source)

    assert "function_call" == node["type"]
    assert node["error"]["message"]


def test_missing_file():
    """A main file that does not exist gives a node that says so."""
    graph = build_graph(reader({}), "gone.py", "Flow")

    assert "does not exist" in graph["workflow"]["nodes"][0]["name"]


def test_long_program_is_bounded():
    """Functions that call each other twice at each level are read a bounded number of times."""
    levels = "".join(f"async def f{n}(step):\n    await f{n + 1}(step)\n    await f{n + 1}(step)\n" for n in range(40))
    last = 'async def f40(step):\n    await step.sleep("nap", 1)\n'

    nodes = nodes_of(workflow("await f0(step)", levels + last))

    assert ["f0"] == [node["name"] for node in nodes]


@pytest.mark.parametrize(
    "call",
    ["library.run(step)", "getattr(step, name)('x', 1)", "getattr(self, name)(step)", "[library][0].go([step])"],
)
def test_unknown_call_is_dynamic(call):
    """A call that may run steps of which the source tells nothing is one node that says so."""
    (node,) = nodes_of(workflow(f"name = event['payload']\nawait {call}", "import library"))

    assert ("function_call", True) == (node["type"], node["dynamic"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("f'a {x}'", "a ${...}"),
        ("'a %s b %d' % (x, 1)", "a ${...} b ${...}"),
        ("'a {} {b}'.format(x, b=1)", "a ${...} ${...}"),
        ("'a' + x + x", "a${...}"),
        ("x", "${...}"),
        ("f'{1 + 1} {\"b\"}'", "2 b"),
        ("str(7)", "7"),
    ],
)
def test_name(name, expected):
    """A name shows what the source tells of it."""
    (node,) = nodes_of(workflow(f"x = event['payload']\nawait step.sleep({name}, 1)"))

    assert expected == node["name"]
    assert ("${...}" in expected) == node.get("dynamic", False)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("'5 minutes'", "5 minutes"),
        ("1500", 1500),
        ("2 * 60 * 1000", 120_000),
        ("timedelta(hours=1, seconds=1)", 3_601_000),
        ("datetime.timedelta(1)", 86_400_000),
        ("event['payload']", "unknown"),
        ("timedelta(hours=event.payload)", "unknown"),
    ],
)
def test_duration(duration, expected):
    """A duration is that of the source, timedeltas in milliseconds."""
    head = "import datetime\nfrom datetime import timedelta\n"
    (node,) = nodes_of(workflow(f"await step.sleep('nap', {duration})", head))

    assert expected == node["duration"]


def test_names_in_branches():
    """A variable that branches give different functions is either of them."""
    body = f"""
    {textwrap.indent(STEP, "    ").strip()}

    @step.do("rest")
    async def rest():
        return 2

    chosen = work
    if event["payload"]:
        chosen = rest
    await chosen()
    """
    (node,) = nodes_of(workflow(body))

    assert "switch" == node["type"]
    assert {"work", "rest"} == {each["name"] for branch in node["branches"] for each in branch["nodes"]}


def test_list_in_itself():
    """A list that is added to itself keeps nothing else from being drawn."""
    body = f"{STEP}\nwaits = [work()]\nwaits.append(waits)\nawait asyncio.gather(*waits)"

    (node,) = nodes_of(workflow(body))

    assert ["work"] == [each["name"] for each in node["nodes"]]


def test_lambda_has_its_own_parameters():
    """A lambda in a method gets what it is called with, not the method's object."""
    body = f"{STEP}\nawait asyncio.gather(*map(lambda each: each(), [work]))"

    (node,) = nodes_of(workflow(body))

    assert ["work"] == [each["name"] for each in node["nodes"][0]["nodes"]]


def test_table_of_functions_that_is_bound_again():
    """A name that is bound twice to tables of steps stands for the steps of the last one."""
    body = f"{STEP}\nwhich = {{}}\nwhich = {{1: work}}\nawait which[event['payload']]()"

    assert ["work"] == [node["name"] for node in nodes_of(workflow(body))]


def test_coroutine_runs_where_it_is_awaited():
    """A coroutine is drawn where it is awaited; one that never is does not run."""
    body = f"{STEP}\nlater = work()\nunused = work()\nawait step.sleep('nap', 1)\nawait later"

    assert ["nap", "work"] == [node["name"] for node in nodes_of(workflow(body))]


def test_dead_code():
    """What follows a return is not drawn."""
    body = f"{STEP}\nawait work()\nreturn 1\nawait work()"

    assert ["work"] == [node.get("name") for node in nodes_of(workflow(body))]


def test_work_around_steps_is_left_out():
    """Loops, branches and functions without a step are not drawn."""
    around = "for x in range(3):\n    print(x)\nif x:\n    y = 1\ntry:\n    y = 2\nfinally:\n    y = 3\n"
    body = f"{STEP}\n{around}\nawait work()"

    assert ["step_do"] == [node["type"] for node in nodes_of(workflow(body))]


def test_relative_imports():
    """Functions of a package are read."""
    files = {
        "main.py": "from flows import Flow\n",
        "flows/__init__.py": "from .order import Flow\n",
        "flows/order.py": "from workers import WorkflowEntrypoint\nfrom . import tools\n"
        "class Flow(WorkflowEntrypoint):\n    async def run(self, event, step):\n        await tools.nap(step)\n",
        "flows/tools.py": "async def nap(step):\n    await step.sleep('nap', 1)\n",
    }

    graph = build_graph(reader(files), "main.py", "Flow")

    assert ["Flow"] == workflow_classes(reader(files), "main.py")
    assert "flows/tools.py" == graph["workflow"]["functions"]["nap"]["nodes"][0]["at"]["file"]


def test_javascript_form():
    """A step of JavaScript's own object is drawn as any other."""
    body = 'await step.js.do("work", {"retries": {"limit": 1, "delay": 5}}, lambda: 1)'
    (node,) = nodes_of(workflow(body))

    assert ("step_do", "work", 1) == (node["type"], node["name"], node["config"]["retries"]["limit"])


TWIN = """
async def helper():
    await named("inner")()
def named(name):
    @step.do(name)
    async def perform(): return 1
    return perform
n = event["payload"]
await named("twin")()
await named("twin")()
await named(f"page {n}")()
await named("page one")()
for _ in range(n):
    await named("again")()
await named("report")()
await helper()
await helper()
if n:
    await step.sleep("nap", 1)
try:
    await step.wait_for_event("answer", "answered")
finally:
    print(1)
"""
CASES = json.loads((FOLDER / "steps_of_nodes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["claim"] for case in CASES])
def test_node_of_step(case):
    """A step belongs to the same node as in JavaScript."""
    place = node_of_step(graph_of(workflow(TWIN)), case["name"], case["count"], case["kind"])

    assert case["path"] == (None if place is None else list(place))


def test_node_in_loop_takes_every_count():
    """A node in a loop stands for each step of its name; those after it come last."""
    body = f"{STEP}\nfor _ in range(3):\n    await work()\nawait work()"
    graph = graph_of(workflow(body))

    places = {node_of_step(graph, "work", count) for count in (1, 2, 3)}

    assert {("nodes", 0, "nodes", 0)} == places
    assert "work" == node_at(graph, places.pop())["name"]


def test_dynamic_call_takes_the_rest():
    """Steps that a call of the unknown runs belong to its node."""
    graph = graph_of(workflow("await library.run(step)", "import library"))

    assert ("nodes", 0) == node_of_step(graph, "anything", 3, "do")
