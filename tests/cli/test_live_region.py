"""The tree on a terminal whose size changes: a terminal emulator says what is to be seen."""

import io

import pyte
import pytest
from rich.console import Console
from sample_events import FLAKY, START, events

from stepwell.live import LiveProgress
from stepwell.progress import Subject

SUBJECT = Subject("orders", "i-1")
COLUMNS, ROWS = 100, 24
LONG = "a step with a name that is longer than most terminals are wide " * 2


class Terminal(io.TextIOBase):
    """A terminal, and rich's view of it. One that wraps the rows that it shows anew does as most terminals do."""

    def __init__(self, *, wraps: bool) -> None:
        self.wraps = wraps
        self._open(COLUMNS, ROWS)
        self.console = Console(file=self, force_terminal=True, width=COLUMNS, height=ROWS, color_system=None)

    def _open(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self.screen)

    def write(self, text: str) -> int:
        self._stream.feed(text)
        return len(text)

    def resize(self, columns: int, rows: int) -> None:
        shown = [row.rstrip() for row in self.screen.display[: self.screen.cursor.y + 1]]
        if self.wraps:
            self._open(columns, rows)
            parts = [row[i : i + columns] for row in shown for i in range(0, max(len(row), 1), columns)]
            self._stream.feed("\n".join(parts))
        else:
            self.screen.resize(rows, columns)
        self.console.size = (columns, rows)

    @property
    def rows(self) -> list[str]:
        return [row.rstrip() for row in self.screen.display if row.strip()]


@pytest.fixture(params=[True, False], ids=["wraps rows anew", "cuts rows"])
def terminal(request):
    return Terminal(wraps=request.param)


def start(terminal, names):
    progress = LiveProgress(terminal.console, SUBJECT, START)
    for event in events(FLAKY, [(9, {"type": "step_started", "stepName": f"{name}-1"}) for name in names]):
        progress.show(event)
    draw(progress)
    return progress


def draw(progress):
    progress.note("drawn")  # at once, unlike a tick


def test_narrower(terminal):
    """No row of the tree is left where it was: each line is there once."""
    progress = start(terminal, ["one", LONG])

    terminal.resize(50, ROWS)
    draw(progress)

    text = "\n".join(terminal.rows)
    assert 1 == text.count("▶ one")
    assert 1 == text.count("▶ a step with")
    assert 1 == text.count("└─")
    assert "orders" in text
    progress.close()


def test_narrower_again_and_again(terminal):
    """A terminal that is dragged narrower has one tree at any time."""
    progress = start(terminal, [LONG])
    for columns in range(90, 20, -7):
        terminal.resize(columns, ROWS)
        draw(progress)

        assert 1 == "\n".join(terminal.rows).count("└─")
    progress.close()


def test_lower(terminal):
    """A terminal with fewer rows than the tree has shows its end, once."""
    progress = start(terminal, [f"part {n}" for n in range(12)])

    terminal.resize(COLUMNS, 8)
    draw(progress)

    text = "\n".join(terminal.rows)
    assert "… and" in text
    assert 1 == text.count("└─")
    progress.close()


@pytest.mark.parametrize("columns", [100, 60, 40])
def test_long_names(terminal, columns, monkeypatch):
    """A long name is cut, and its line stays one row with what it says besides."""
    monkeypatch.setattr("stepwell.live.time.time", lambda: START / 1000 + 2)
    terminal.resize(columns, ROWS)
    progress = start(terminal, [LONG])

    [row] = [row for row in terminal.rows if "▶ a st" in row]
    assert "…" in row
    assert row.endswith(" s")
    progress.close()


def test_wider(terminal):
    """A terminal that becomes wider keeps what it shows."""
    progress = start(terminal, ["one"])
    before = terminal.rows

    terminal.resize(140, ROWS)
    draw(progress)

    assert before[0] == terminal.rows[0]
    assert 1 == "\n".join(terminal.rows).count("▶ one")
    progress.close()


def test_what_others_write(terminal):
    """Rows stay that another program has written, which had the terminal meanwhile."""
    progress = start(terminal, ["one", "two"])
    progress.hold(on=True)
    terminal.write("(debugger) first\n(debugger) second\n")
    progress.hold(on=False)
    draw(progress)

    text = "\n".join(terminal.rows)
    assert "(debugger) first\n(debugger) second" in text
    assert 1 == text.count("▶ one")
    progress.close()
