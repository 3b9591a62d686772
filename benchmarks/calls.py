"""Counts the calls of Python functions, by who called them; `calls.js` runs this in the guest."""

import json
import sys

nodes = [{"id": 1, "callFrame": {"functionName": "(root)", "url": "", "lineNumber": 0}, "children": []}]
counts = [0]
places = {}
stacks = {}


def enter(frame, what, _arg):
    """Note a call. A frame that goes on after an ``await`` counts again, as it costs again."""
    if what != "call":
        return
    caller = frame.f_back
    parent = 1
    while caller is not None:
        if caller in stacks:
            parent = stacks[caller]
            break
        caller = caller.f_back
    code = frame.f_code
    key = (parent, code)
    if key not in places:
        nodes.append(
            {
                "id": len(nodes) + 1,
                "callFrame": {
                    "functionName": code.co_qualname,
                    "url": code.co_filename,
                    "lineNumber": code.co_firstlineno - 1,
                },
                "children": [],
            }
        )
        counts.append(0)
        places[key] = len(nodes)
        nodes[parent - 1]["children"].append(len(nodes))
    stacks[frame] = places[key]
    counts[places[key] - 1] += 1


def begin():
    """Count from here."""
    sys.setprofile(enter)


def end(steps):
    """The profile (JSON): for each of so many steps."""
    sys.setprofile(None)
    stacks.clear()
    weights = [count * 1000 / steps for count in counts]
    return json.dumps(
        {"unit": "calls a step", "nodes": nodes, "samples": [node["id"] for node in nodes], "timeDeltas": weights}
    )
