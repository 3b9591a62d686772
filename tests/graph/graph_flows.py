"""The flows of the corpus: their graphs, and those that are stored as expected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent
FLOWS = FOLDER / "flows"
EXPECTED = FOLDER / "expected"


def reader(files: dict[str, str]) -> Callable[[str], str | None]:
    """Reads from *files*, by path."""
    return files.get


def flow_files() -> dict[str, str]:
    """All files of the corpus, by path."""
    return {path.name: path.read_text(encoding="utf-8") for path in FLOWS.glob("*.py")}


def without_places(graph: Any) -> Any:
    """*graph* without the places of nodes in the source."""
    if isinstance(graph, dict):
        return {key: without_places(value) for key, value in graph.items() if key != "at"}
    return [without_places(each) for each in graph] if isinstance(graph, list) else graph


def expected(file: str) -> dict[str, Any]:
    """The graphs of the flows in *file*, by class."""
    return json.loads((EXPECTED / Path(file).with_suffix(".json").name).read_text(encoding="utf-8"))
