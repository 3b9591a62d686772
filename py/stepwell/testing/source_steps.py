"""How often a workflow's source runs each of its steps, as far as the source tells without running it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from stepwell.testing.guest_packages import mount_guest_packages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REPEATED = ("loop", "function_call", "function_def")


def expected_runs(main: Path, class_name: str) -> dict[str, int]:
    """
    How often each step can run, by its name.

    Steps in loops and in functions of the user's are left out, and those whose names only a run knows.
    """
    if main.suffix != ".py":
        return {}
    mount_guest_packages()
    from workflow_graph import build_graph  # noqa: PLC0415 - mounted just now
    from workflow_graph.reading import file_reader  # noqa: PLC0415 - likewise

    workflow = build_graph(file_reader(main.parent), main.name, class_name)["workflow"]
    found: Counter[str] = Counter()
    repeated: set[str] = set()
    for node, is_repeated in _steps(workflow["nodes"], is_repeated=False):
        found[node["name"]] += 1
        if is_repeated or node.get("dynamic"):
            repeated.add(node["name"])
    for function in workflow["functions"].values():
        repeated.update(node["name"] for node, _ in _steps([function], is_repeated=True))
    return {name: count for name, count in found.items() if name not in repeated}


def _steps(nodes: list[dict[str, Any]], *, is_repeated: bool) -> Iterator[tuple[dict[str, Any], bool]]:
    for node in nodes:
        inside = is_repeated or node["type"] in _REPEATED
        if node["type"] == "step_do":
            yield node, inside
        for value in node.values():
            if isinstance(value, list):
                nodes_inside = [each for each in value if isinstance(each, dict) and "type" in each]
                yield from _steps(nodes_inside, is_repeated=inside)
