"""Whatever a workflow, a file or an argument says, it cannot steer the terminal."""

import json
import sys

import pytest
from places import Terminal

from stepwell.printable import printable, printable_json

STEER = "\x1b]0;title\x07\x1b[2J\x9b31m\x7f\r\u202e"
HOSTILE = f"""
    from workers import WorkflowEntrypoint

    STEER = {STEER!r}
    print("import", STEER)

    class HostileWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("named")
            async def named():
                print("print", STEER)
                return STEER

            got = await named()
            if event["payload"] == 1:
                raise ValueError("error " + STEER)
            return got
"""


def steers(text):
    return [each for each in text if each in STEER and not each.isprintable()]


def test_printable():
    """A control character is written as its code; tabs and line ends stay as they are."""
    assert "a\tb\n\\x1b[31m\\x0d\\x9b\\u202e" == printable("a\tb\n\x1b[31m\r\x9b\u202e")
    assert "two\nlines\n" == printable("two\r\nlines\r\n")
    assert "grüße 🎉 日本" == printable("grüße 🎉 日本")


def test_printable_json():
    """JSON keeps its value."""
    text = json.dumps({"a": STEER}, ensure_ascii=False)

    assert {"a": STEER} == json.loads(printable_json(text))
    assert [] == steers(printable_json(text))


@pytest.fixture
def hostile(place):
    place.write("hostile.py", HOSTILE)
    return place


def test_run(hostile):
    """A run shows names, prints, errors and tracebacks without their control characters; its output is exact."""
    good = hostile.run("run", "hostile.py", "--id", "a")
    bad = hostile.run("run", "hostile.py", "--id", "b", "--params", "1")

    assert (0, 1) == (good.code, bad.code)
    assert STEER == good.json
    assert "print \\x1b]0;title\\x07" in good.err
    assert [] == steers(good.out + good.err + bad.out + bad.err)


def test_describe(hostile):
    """So do the commands that look at what has run, and those that open a run file."""
    hostile.run("run", "hostile.py", "--id", "a", "-q")
    hostile.run("runs", "export", "a", "a.run.sqlite")

    looks = [
        hostile.run("workflows", "instances", "describe", "HostileWorkflow", "a"),
        hostile.run("workflows", "instances", "describe", "HostileWorkflow", "a", "--json"),
        hostile.run("runs", "open", "a.run.sqlite"),
        hostile.run("runs", "open", "a.run.sqlite", "--compare", "a.run.sqlite"),
    ]

    assert [0] * len(looks) == [look.code for look in looks]
    assert [] == steers("".join(look.out + look.err for look in looks))


@pytest.mark.parametrize(
    "arguments", [("run", STEER), (STEER,), ("run", "hostile.py", f"--{STEER}"), ("runs", "open", STEER)]
)
def test_arguments(hostile, arguments):
    """An argument that is refused is shown without its control characters."""
    done = hostile.run(*arguments)

    assert 2 == done.code
    assert [] == steers(done.out + done.err)


def test_terminal(hostile):
    """On a terminal, the display has its own control codes, and none of the workflow's."""
    terminal = Terminal([sys.executable, "-m", "stepwell", "run", "hostile.py", "--id", "a"], hostile)

    shown = terminal.read_to_end()

    assert "\x1b[" in shown
    assert [] == [code for code in ("\x1b]0;", "\x07", "\x1b[2J", "\x9b", "\x7f", "\u202e") if code in shown]
