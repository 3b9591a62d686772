"""Progress as plain lines, and as a tree."""

import io

import pytest
from rich.console import Console
from sample_events import CHARGED, END, FLAKY, NAP, START, WAIT, events

from stepwell.live import LiveProgress, finished_lines, running_lines
from stepwell.progress import PlainProgress, Subject
from stepwell.timeline import Timeline

SUBJECT = Subject("orders", "my id", ("--state", "s.sqlite"))


def lines_of(told, since=START):
    stream = io.StringIO()
    progress = PlainProgress(stream, SUBJECT, since)
    for event in told:
        progress.show(event)
    progress.tick()
    return stream.getvalue().splitlines()


def test_lines(monkeypatch):
    """Each thing that happens is a line."""
    monkeypatch.setattr("stepwell.progress.moment", lambda _: "LATER")
    hint = "stepwell workflows instances send-event orders 'my id' --state s.sqlite --type approved --payload '{}'"

    assert [
        "orders my id: running",
        "  charge: started",
        "  charge | asking the bank",
        "  charge | once more",
        "  charge: attempt 1 failed: OSError: no answer; again in 1.5 s",
        "  charge: attempt 2 started",
        "  charge: complete in 1.7 s (2 attempts)",
        "  nap: sleeping 1 min, until LATER",
        f"  ok-2: waiting for event 'approved' for at most 1 d; send it with: {hint}",
        "  nap: complete in 1 min",
        "  ok-2: timed out in 1 min",
        "orders my id: complete in 1 min 2 s",
    ] == lines_of(events(FLAKY, CHARGED, NAP, WAIT, END))


def test_paused():
    """A paused instance says how it is resumed."""
    lines = lines_of(events(FLAKY, [(9, {"type": "workflow_paused"})]))

    hint = "stepwell workflows instances resume orders 'my id' --state s.sqlite"
    assert f"orders my id: paused; resume it with: {hint}" == lines[-1]


def test_earlier_lines():
    """Of what happened before we came only the outcomes are told, and what is still going on."""
    lines = lines_of(events(FLAKY, CHARGED, WAIT), since=START + 5000)

    assert "  charge: complete in 1.7 s (2 attempts) (earlier)" == lines[0]
    assert lines[1].startswith("  ok-2: waiting for event 'approved'")
    assert 2 == len(lines)


@pytest.fixture
def screen():
    return Console(file=io.StringIO(), force_terminal=True, width=100, height=12, color_system=None)


def text_of(screen):
    return screen.file.getvalue()


def test_tree(screen):
    """A step that has ended stays in the tree with its attempts, and its output above it."""
    progress = LiveProgress(screen, SUBJECT, START)
    for event in events(FLAKY, CHARGED, NAP, WAIT, END):
        progress.show(event)
    progress.close()

    tree = text_of(screen)
    assert "│     charge │ asking the bank\n" in tree
    assert "├─ ✅ charge                       2 attempts · 1.7 s\n│     attempt 1: OSError: no answer\n" in tree
    assert "└─ ✅ Completed · 1 min 2 s · 3 steps done" in tree


def test_terminal_is_held(screen):
    """Whoever has the terminal meanwhile is not written over; what happened is told afterwards."""
    progress = LiveProgress(screen, SUBJECT, START)
    progress.hold(on=True)
    before = text_of(screen)
    for event in events(FLAKY, CHARGED):
        progress.show(event)
    progress.tick()
    progress.note("something")
    assert before == text_of(screen)

    progress.hold(on=False)
    progress.close()
    assert "├─ ✅ charge " in text_of(screen)
    assert "something\n" in text_of(screen)


def test_terminal_is_given_back_too_late(screen):
    """The run may have ended by then: the cursor stays as it was left."""
    progress = LiveProgress(screen, SUBJECT, START)
    progress.hold(on=True)
    progress.close()
    left = text_of(screen)
    progress.hold(on=False)

    assert left == text_of(screen)


def test_tree_fits(screen):
    """However many steps are running, the tree is no higher than the terminal."""
    progress = LiveProgress(screen, SUBJECT, START)
    for event in events([(0, {"type": "step_started", "stepName": f"part {n}-1"}) for n in range(500)]):
        progress.show(event)
    progress.tick()

    assert "… and 492 more" in text_of(screen)
    progress.close()


def test_running_lines():
    """What is going on says until when, and how to go on."""
    timeline = Timeline()
    for event in events(FLAKY, WAIT):
        timeline.apply(event)

    text = [line.plain for step in timeline.steps.values() for line in running_lines(step, START + 504, SUBJECT)]

    assert "├─ 🔁 charge                       attempt 1 failed, again in 1.0 s · OSError: no answer" == text[0]
    assert "├─ 👀 ok-2                         waiting for event 'approved' · 1 d left" == text[1]
    assert text[2].endswith("send-event orders 'my id' --state s.sqlite --type approved --payload '{}'")


def test_markup_is_text():
    """A step's name is not taken for markup."""
    timeline = Timeline()
    told = events(
        [
            (0, {"type": "step_started", "stepName": "[bold]x[/]-1"}),
            (1, {"type": "step_errored", "stepName": "[bold]x[/]-1"}),
        ]
    )
    steps = [timeline.apply(event) for event in told]

    assert "[bold]x[/]" in finished_lines(steps[-1], earlier=False)[0].plain
