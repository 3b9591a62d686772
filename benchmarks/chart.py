"""The chart of the README: small bars, readable on light and on dark ground."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from plan import PEERS
from results import STEPWELL, number, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plan import Job
    from results import Results


class Panel(NamedTuple):
    """What one group of bars shows."""

    figure: str
    title: str
    unit: str


PANELS = (
    Panel("A1.steps_per_s", "One workflow at a time: steps per second", ""),
    Panel("A20.steps_per_s", "Twenty at a time: steps per second", ""),
    Panel("B1000.ms", "1,000 steps at once: until all are done", "ms"),
    Panel("C1000.step_ms", "1,000 steps in a row: each", "ms"),
    Panel("E1000.late_ms", "1,000 asleep for 2 s: the last is late by", "ms"),
    Panel("G.ms", "200 killed half-way: restart to all done", "ms"),
)
COLUMNS = 2
WIDTH, ROW, TITLE, GAP = 440, 20, 26, 24
NAMES, BAR = 118, 250
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #57606a; }
text.title { font-weight: 600; fill: #1f2328; }
rect.peer { fill: #afb8c1; } .own, text.own { fill: #1a7f37; } text.own { font-weight: 600; }
.floor { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 3 2; } text.note { fill: #cf222e; }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1; } text.title { fill: #f0f6fc; }
  rect.peer { fill: #656c76; } .own, text.own { fill: #3fb950; }
  .floor { stroke: #ff7b72; } text.note { fill: #ff7b72; }
}"""


def chart(results: Results, jobs: list[Job]) -> str:
    """The chart as SVG; panels without figures are left out."""
    figures = summary(results, jobs)
    panels = [panel for panel in PANELS if figures.get(panel.figure, {}).get(STEPWELL) is not None]
    engines = {STEPWELL: "Stepwell", **{peer: PEERS[peer][0] for peer in results.engines()}}
    height = TITLE + ROW * len(engines) + GAP
    rows = -(-len(panels) // COLUMNS)
    parts = [
        part
        for place, panel in enumerate(panels)
        for part in _panel(panel, figures[panel.figure], engines, place % COLUMNS * WIDTH, place // COLUMNS * height)
    ]
    width, bottom = COLUMNS * WIDTH, rows * height
    words = "- - the floor: what single commits to the same disk would take or allow"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 12}" width="{width}" role="img">',
            "<title>Stepwell beside other durable engines, on one machine in one run</title>",
            f"<style>{STYLE}\n</style>",
            *parts,
            f'<text class="note" x="0" y="{bottom + 4}">{words}</text>',
            "</svg>\n",
        ]
    )


def _panel(
    panel: Panel, figures: dict[str, float | None], engines: dict[str, str], left: int, top: int
) -> Iterator[str]:
    known = {engine: value for engine in engines if (value := figures[engine]) is not None}
    floor = figures["floor"]
    longest = max([*known.values(), floor or 0])
    yield f'<text class="title" x="{left}" y="{top + 14}">{escape(panel.title)}</text>'
    for row, (engine, value) in enumerate(known.items()):
        kind = "own" if engine == STEPWELL else "peer"
        figure = f"{number(value)} {panel.unit}".rstrip()
        y = top + TITLE + row * ROW
        width = max(1, round(BAR * value / longest))
        yield f'<text class="{kind}" x="{left}" y="{y + 11}">{escape(engines[engine])}</text>'
        yield f'<rect class="{kind}" x="{left + NAMES}" y="{y}" width="{width}" height="14" rx="2"/>'
        yield f'<text x="{left + NAMES + width + 6}" y="{y + 11}">{figure}</text>'
    if floor:
        x = left + NAMES + round(BAR * floor / longest)
        y = top + TITLE - 3
        yield f'<line class="floor" x1="{x}" x2="{x}" y1="{y}" y2="{y + ROW * len(known)}"/>'
