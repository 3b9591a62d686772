"""
Reads Python sources as a process: a request as JSON on stdin, the answer on stdout.

``{"root" | "files", "main", "className"?}`` asks for a graph. The answer is ``{"classes", "graph", "error"?}``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if not __package__:
    # Run by its folder: the package is found beside it.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from workflow_graph.reading import answer

if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer(json.loads(sys.stdin.buffer.read()))))
