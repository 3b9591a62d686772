"""`stepwell top`: rates, rows for terminals of any size, and the screen as a terminal emulator shows it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from test_live_region import Terminal

from stepwell.activity_rates import WINDOW_S, ActivityRates
from stepwell.responses import InstanceSummary
from stepwell.top_screen import TopScreen
from stepwell.top_table import NO_RATES, SORTS, WorkflowActivity, screen_lines, sort_rows

LONG = "a workflow with a name that is longer than most terminals are wide " * 3
SIZES = [(80, 24), (120, 40), (40, 10), (20, 6), (9, 3), (200, 5)]


def row(name, steps=0.0, **instances):
    return WorkflowActivity(name, instances, {**NO_RATES, "steps": steps})


def instance(instance_id, workflow="orders"):
    now = datetime.now(UTC)
    return InstanceSummary(
        id=instance_id, status="running", created_on=now, modified_on=now, version_id="1", workflow_id=workflow
    )


def lines_of(rows, instances=(), *, width=80, height=24, sort="steps/s"):
    lines = screen_lines(rows, instances, head="head", foot="foot", sort=sort, width=width, height=height)
    return [line.plain.rstrip() for line in lines]


def test_rates_are_those_of_the_last_seconds():
    """Events of before the window do not count any more."""
    rates = ActivityRates(100)
    for _ in range(WINDOW_S):
        rates.add(105, "orders", "step_completed")

    now = rates.rates(100 + WINDOW_S)
    later = rates.rates(105 + WINDOW_S)

    assert (1, {}) == (now["orders"]["steps"], later)


def test_rates_of_a_short_time():
    """What has been counted for two seconds is divided by two seconds."""
    rates = ActivityRates(100)
    for event_type in ("workflow_started", "workflow_started", "workflow_errored", "sleep_completed"):
        rates.add(101, "orders", event_type)

    assert {"started": 1, "completed": 0, "failed": 0.5, "steps": 0} == rates.rates(102)["orders"]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_no_line_is_wider_than_the_terminal(width, height):
    """A screen has as many rows as the terminal, and long names are cut."""
    rows = [row(LONG, 12.5, running=3, complete=1_234_567), row("日本語のワークフロー" * 20, 1)]
    lines = screen_lines(
        rows, [instance(LONG), instance("b")], head=LONG, foot=LONG, sort="steps/s", width=width, height=height
    )

    assert height == len(lines)
    assert [] == [line.plain for line in lines if line.cell_len > width]


def test_narrow_terminal_leaves_columns_out():
    """The column that the table is sorted by stays, and the name has room."""
    (heading, line) = lines_of([row("orders", errored=7)], width=30, sort="errored")[1:3]

    assert "Errored▾" in heading
    assert "Complete" not in heading
    assert line.startswith("orders ")
    assert line.split()[1] == "7"


def test_very_many_workflows():
    """Those that have no room are counted, and the newest instances keep their rows."""
    lines = lines_of([row(f"w{number:03}") for number in range(100)], [instance("a")])

    shown = sum(line.startswith("w") for line in lines)
    assert f"… and {100 - shown} more workflows" in lines
    assert any(line.startswith("a ") for line in lines)


def test_control_characters():
    """A name cannot steer the terminal."""
    assert [] == [line for line in lines_of([row("a\x1b[2Jb\nc")]) if "\x1b" in line or "\n" in line]


@pytest.mark.parametrize("sort", SORTS)
def test_sort(sort):
    """The largest number is first, names are in order; what is equal is in the order of names."""
    rows = [row("b"), row("c"), row("a")]

    assert ["a", "b", "c"] == [each.name for each in sort_rows(rows, sort)]


def test_sort_by_numbers():
    """The busiest workflow is first."""
    rows = [row("a", 1, errored=5), row("b", 9), row("c", 9, running=1)]

    assert ["c", "b", "a"] == [each.name for each in sort_rows(rows, "steps/s")]
    assert "a" == sort_rows(rows, "errored")[0].name


@pytest.fixture(params=[True, False], ids=["wraps rows anew", "cuts rows"])
def terminal(request):
    return Terminal(wraps=request.param)


def test_resize_leaves_no_ghosts(terminal):
    """However the terminal is dragged, each row is there once, and none of before is left."""
    rows = [row(LONG, 1), *(row(f"flow-{number}") for number in range(8))]
    with TopScreen(terminal.console, "name") as screen:
        screen.show(rows, [instance("one"), instance("two")], lost=0, seconds=10)
        for columns, height in ((50, 15), (140, 40), (30, 8), (100, 24), (60, 12), (80, 24)):
            terminal.resize(columns, height)
            screen.tick()

            text = "\n".join(terminal.rows)
            assert 1 == text.count("stepwell top")
            assert 1 == text.count("q quit")
            assert 1 == text.count("flow-0 ")
            assert 1 == text.count("a workflow")


def test_fewer_rows_leave_no_ghosts(terminal):
    """A workflow that is deleted is not shown any more."""
    with TopScreen(terminal.console, "name") as screen:
        screen.show([row("orders"), row("refunds")], [instance("order-1")], lost=0, seconds=10)
        screen.show([row("orders")], [], lost=0, seconds=10)

        text = "\n".join(terminal.rows)
        assert "orders" in text
        assert "refunds" not in text
        assert "order-1" not in text


def test_keys(terminal):
    """s changes the order, q ends it."""
    with TopScreen(terminal.console, "name") as screen:
        screen.show([row("a"), row("b", queued=3)], [], lost=0, seconds=10)
        before = [line[0] for line in terminal.rows if line.startswith(("a ", "b "))]
        screen.press("s")
        screen.tick()
        after = [line[0] for line in terminal.rows if line.startswith(("a ", "b "))]
        screen.press("q")

        assert (["a", "b"], ["b", "a"], True) == (before, after, screen.is_closed)


def test_once(served):
    """Where there is no terminal, one table is printed; of a state that nothing runs at once."""
    done = served.run("top", "--sort", "complete")

    heading, line = done.out.splitlines()[:2]
    assert 0 == done.code
    assert "Complete▾" in heading
    assert line.startswith("OrderWorkflow ")
    assert "Newest instances" in done.out


def test_json(served):
    """Programs get numbers by workflow."""
    shown = served.run("top", "--json").json

    (workflow,) = shown["workflows"]
    assert ("OrderWorkflow", 3) == (workflow["name"], workflow["instances"]["complete"])
    assert {"started": 0, "completed": 0, "failed": 0, "steps": 0} == workflow["per_second"]


def test_unknown_column(served):
    """A column that does not exist is refused, with those that do."""
    done = served.run("top", "--sort", "colour")

    assert 2 == done.code
    assert "--sort is 'colour'; it must be one of: name, queued, running" in done.err
