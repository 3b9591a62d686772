"""What the benchmark shows: the published table is what was measured, and a bar that is not met is not hidden."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from killed import Ledger  # noqa: E402
from plan import jobs  # noqa: E402
from results import Results  # noqa: E402
from table import BEGIN, END, MarkerError, table, with_table  # noqa: E402

PUBLISHED = ROOT / "docs/performance.md"
MEASURED = ROOT / "docs/benchmark.json"


def results(**figures):
    """Results of A100 with these figures, beside a floor of 5,000 commits a second."""
    found = Results({"system": "a machine"})
    others = dict.fromkeys(Results.read(MEASURED).floors, 1.0)
    found.add_floors({**others, "commits_per_s": 5000})
    found.add("A100", "stepwell", figures)
    return found


def row(found, start):
    """The cells of the row that begins so."""
    lines = [line for line in table(found, jobs(100_000)).splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in lines[0].strip("|").split("|")]


def test_published_table_is_what_was_measured():
    """Nobody has written a figure into it by hand, and the newest figures are in it."""
    text = PUBLISHED.read_text()

    assert text == with_table(text, table(Results.read(MEASURED), jobs(100_000)), "docs/performance.md")


@pytest.mark.parametrize(
    ("steps", "met"), [(15_000, "yes and yes"), (14_999, "**no** and yes"), (7_999, "**no** and **no**")]
)
def test_bar(steps, met):
    """Each part of a bar is judged for itself."""
    assert met == row(results(steps_per_s=steps), "**A100**")[-1]


def test_what_has_a_bar_and_no_figure_is_not_left_out():
    """Otherwise a workload that fails would look like one that has no bar."""
    assert "**no**: not measured" == row(results(steps_per_s=1), "**B1000**")[-1]


def test_peers_are_beside_ours_with_how_many_times_better_we_are():
    """More is better in steps a second, less in milliseconds."""
    found = results(steps_per_s=10_000)
    found.add("A20", "stepwell", {"steps_per_s": 6000, "p50_ms": 10})
    found.add("A20", "restate", {"steps_per_s": 2000, "p50_ms": 25})

    assert "2,000 (3.00 x)" in row(found, "**A20**")
    assert "25.0 (2.50 x)" in row(found, "whole workflow, p50")


def test_what_came_to_nothing_is_told():
    """With what was said, on one line."""
    found = results(steps_per_s=1)
    found.add_error("G", "dbos", "it\nhas ended")

    assert "* G dbos: it has ended" in table(found, jobs(10))


@pytest.mark.parametrize("text", ["", f"{BEGIN} and no end", f"{END}\n{BEGIN}"])
def test_document_without_place(text):
    """Nothing is lost by guessing one."""
    with pytest.raises(MarkerError, match="no place for the table"):
        with_table(text, "table", "page.md")


def test_command_refuses_a_document_without_place_before_it_measures(tmp_path):
    """A quarter of an hour would be lost otherwise."""
    page = tmp_path / "page.md"
    page.write_text("# A page\n")

    done = subprocess.run(
        [sys.executable, BENCHMARKS / "run.py", "--table", page],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 2 == done.returncode
    assert "has no place for the table" in done.stderr
    assert "# A page\n" == page.read_text()


def test_command_writes_the_table(tmp_path):
    """From what was measured before, and the rest of the page stays."""
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nformerly\n{END}\nbelow\n")

    subprocess.run(
        [sys.executable, BENCHMARKS / "run.py", "--from", MEASURED, "--table", page],
        capture_output=True,
        timeout=60,
        check=True,
    )

    text = page.read_text()
    assert text.startswith(f"above\n{BEGIN}\n")
    assert text.endswith(f"{END}\nbelow\n")
    assert "**A100**" in text
    assert "formerly" not in text


@pytest.mark.parametrize(
    ("text", "left"), [(b"one:1\ntwo:2\nthr", b"one:1\ntwo:2\n"), (b"one:1\n", b"one:1\n"), (b"", b"")]
)
def test_half_a_line_of_the_ledger_is_no_step(tmp_path, text, left):
    """A kill may come in the middle of one."""
    path = tmp_path / "ledger"
    path.write_bytes(text)

    Ledger(path).trim()

    assert left == path.read_bytes()
