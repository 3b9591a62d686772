"""
Reads Python sources as a process: a request as JSON on stdin, the answer on stdout.

``{"root" | "files", "main", "className"?}`` asks for a graph. The answer is ``{"classes", "graph", "error"?}``.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

if not __package__:
    # Run by its folder: the package is found beside it.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from workflow_graph.reading import answer

# The process that has started this one kills it at 20 s, unless it was killed itself before.
LONGEST_LIFE_S = 30

if __name__ == "__main__":
    if hasattr(signal, "alarm"):
        signal.alarm(LONGEST_LIFE_S)
    sys.stdout.write(json.dumps(answer(json.loads(sys.stdin.buffer.read()))))
