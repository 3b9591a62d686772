"""
Runs the test kit's tools over workflows, and counts what they find: `python check.py TARGET [NAMES.json]`.

Each workflow class is run and replayed, with crashes at its points, with its concurrent steps in several orders, and its code
between steps is watched. A workflow that does not end by itself is left out. The JSON file has the parameters by class.
"""

import json
import sys
import warnings
from pathlib import Path

from stepwell.testing import Workflows, check_all_crashes, check_all_orders
from stepwell.testing.errors import TestKitError

PAIRS = 2
ORDERS = 6
PAYLOAD = {"id": "a", "userId": "a", "email": "a@example.com", "name": "Ada", "metadata": {}, "items": []}


def check(target, names):
    """The findings of each workflow of *target*, with its name."""
    with Workflows(target) as workflows:
        classes = list(workflows.worker()._classes)  # noqa: SLF001 - every one
    for name in classes:
        described = names.get(name, {})
        yield described.get("name", name), findings(target, name, described.get("params", PAYLOAD))


def findings(target, name, params):
    """What the tools find in a workflow; None where it does not end by itself."""
    found = []
    with Workflows(target) as workflows:
        try:
            ended = ends(workflows, name, params)
        except TestKitError as error:
            return f"skipped: {str(error).splitlines()[0]}"
        for tool in (
            lambda: check_all_crashes(name, params, pairs=PAIRS, workflows=workflows),
            lambda: check_all_orders(name, params, runs=ORDERS, workflows=workflows),
        ):
            try:
                tool()
            except TestKitError as error:
                found.append(str(error))
    found += ended
    return found


def ends(workflows, name, params):
    """Run a workflow to its end and replay it. Gives what is said of that."""
    instance = workflows.start(name, params)
    try:
        instance.result()
    except TestKitError:
        instance.dispose()
        raise
    except Exception:  # noqa: BLE001 - it may fail by design
        pass
    left = workflows._engine.finish(replay=True)  # noqa: SLF001 - what `close` checks
    said = [str(each) for each in left.broken]
    return said + [f"{each['what']} at line {each['line']}" for each in left.findings]


def main():
    target, *more = sys.argv[1:]
    names = json.loads(Path(more[0]).read_text()) if more else {}
    warnings.simplefilter("ignore")
    for name, found in check(target, names):
        print(json.dumps([name, found]), flush=True)


if __name__ == "__main__":
    main()
