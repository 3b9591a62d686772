"""The graph of a project's source: from files on disk or in memory, with the names of its workflows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .workflow import build_graph, workflow_classes

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_FILE_BYTES = 8 * 1024 * 1024


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """
    What a host asks of a source.

    Args:
        request: ``main``, its folder ``root`` or all ``files`` by their path, and ``className``; without it the only
            workflow of the main file is meant.

    Returns:
        ``classes``, the names of the file's workflows, and ``graph``, None where none is named and there is not exactly
        one. A main file that cannot be read has an ``error``: ``{"message", "file", "line", "column"}``.
    """
    main, name = request["main"], request.get("className")
    files = request.get("files")
    read = files.get if files is not None else file_reader(Path(request["root"]))
    classes: list[str] = []
    problem: dict[str, object] | None = None
    try:
        classes = workflow_classes(read, main)
    except SyntaxError as error:
        problem = {"message": error.msg, "line": error.lineno or 1, "column": error.offset or 1}
    except (FileNotFoundError, ValueError, RecursionError, MemoryError) as error:
        missing = isinstance(error, FileNotFoundError)
        message = "The file does not exist" if missing else str(error) or "The source is too complex"
        problem = {"message": message, "line": 1, "column": 1}
    if name is None and len(classes) == 1:
        name = classes[0]
    result = {"classes": classes, "graph": None if name is None else build_graph(read, main, name)}
    return result if problem is None else {**result, "error": {"file": main, **problem}}


def file_reader(root: Path) -> Callable[[str], str | None]:
    """Reads files under *root*, and none outside it."""
    top = root.resolve()

    def read(path: str) -> str | None:
        try:
            place = (top / path).resolve()
            # A pipe would be read for ever.
            if not place.is_relative_to(top) or not place.is_file() or place.stat().st_size > LARGEST_FILE_BYTES:
                return None
            return place.read_text(encoding="utf-8-sig")
        except OSError:
            return None

    return read
