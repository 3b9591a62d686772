"""`stepwell graph`."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

TWO = """
from workers import WorkflowEntrypoint

class First(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep("<nap> & \\x1b[2J", "1 minute")

class Second(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("work")
        async def work():
            return 1

        await work()
"""
TYPED = """
import { WorkflowEntrypoint, WorkflowStep } from "cloudflare:workers";

export class Typed extends WorkflowEntrypoint {
  async run(event: unknown, step: WorkflowStep) {
    await step.do("work", async () => 1);
  }
}
"""


def test_text(place, order):
    """A workflow is a tree of its steps."""
    done = place.run("graph", order.name)

    assert 0 == done.code
    assert done.out.startswith("OrderWorkflow\n")
    assert "─ step " in done.out


def test_json(place):
    """The JSON is that of Cloudflare's interface."""
    place.write("two.py", TWO)

    done = place.run("graph", "two.py:Second", "--format", "json")

    assert "Second" == done.json["workflow"]["class_name"]
    assert ["step_do"] == [node["type"] for node in done.json["workflow"]["nodes"]]


def test_json_where_standard_output_is_ascii(place):
    """Names keep their letters: as escapes of JSON."""
    place.write("two.py", TWO.replace('"work"', '"Größe ✅"'))
    place.environment |= {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}

    done = place.run("graph", "two.py:Second", "--format", "json")

    assert "Größe ✅" in str(done.json)


def test_svg(place):
    """The picture is well-formed, whatever a name contains."""
    place.write("two.py", TWO)

    done = place.run("graph", "two.py:First", "--format", "svg", "-o", "first.svg")

    picture = ET.parse(place.folder / "first.svg").getroot()
    assert (0, "") == (done.code, done.out)
    assert any("<nap> & " in (text.text or "") for text in picture.iter("{http://www.w3.org/2000/svg}text"))


def test_mermaid_of_typescript(place):
    """TypeScript is drawn as well."""
    place.write("typed.ts", TYPED)

    done = place.run("graph", "typed.ts", "--format", "mermaid")

    assert done.out.startswith("flowchart TD\n")
    assert '["work"]' in done.out


def test_folder(place):
    """A folder's configuration says which file and which workflow."""
    place.write("two.py", TWO)
    place.write(
        "wrangler.json",
        '{"main": "two.py", "workflows": [{"binding": "S", "name": "second", "class_name": "Second"}]}',
    )

    assert place.run("graph", ".").out.startswith("Second\n")


def test_picture_of_the_documentation(place):
    """The picture in the documentation is what the command draws."""
    root = Path(__file__).resolve().parents[2]

    done = place.run("graph", str(root / "examples" / "order.py"), "--format", "svg")

    assert (root / "docs" / "order-graph.svg").read_text(encoding="utf-8") == done.out


@pytest.mark.parametrize("name", ["broken.py", "broken.ts"])
def test_source_that_does_not_parse(place, name):
    """A source that does not parse is exit code 2, with its place."""
    place.write(name, "\nx = = 1\n")

    done = place.run("graph", name)

    assert 2 == done.code
    assert f"{name}:2:" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["two.py"], "has 2 workflows: First, Second. Choose one: TARGET:First"),
        (["two.py:Third"], "two.py:1: The file has no class Third. Workflows: First, Second."),
        (["two.py:First", "--workflow", "Second"], "TARGET names the class First, and --workflow names Second."),
        (["empty.py"], "empty.py has no workflow"),
        (["gone.py"], "does not exist"),
        (["two.py:First", "-o", "no/such/folder"], "cannot be written"),
        (["two.py:First", "--format", "png"], "png"),
    ],
)
def test_what_cannot_be_drawn(place, arguments, words):
    """What cannot be drawn is exit code 2, with the reason."""
    place.write("two.py", TWO)
    place.write("empty.py", "x = 1\n")

    done = place.run("graph", *arguments)

    assert 2 == done.code
    assert words in done.err
