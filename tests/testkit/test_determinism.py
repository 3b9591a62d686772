"""Determinism checks: what code between steps asks of the world is named with its line."""

import warnings
from pathlib import Path

import pytest

from stepwell.testing import DeterminismWarning, Workflows

FLOW = Path(__file__).parent / "flows" / "unsteady.py"


def found_in(workflow):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Workflows(FLOW) as workflows:
            workflows.run(workflow)
    return [each for each in caught if each.category is DeterminismWarning]


@pytest.mark.stepwell(replay=False)
@pytest.mark.parametrize(
    ("what", "source"),
    [
        ("time.time()", "a = time.time()"),
        ("datetime.now()", "b = datetime.now()"),
        ("random.randint()", "c = random.randint"),
        ("random.random()", "d = random.random()"),
        ("uuid.uuid4()", "e = uuid.uuid4()"),
        ("os.environ", "f = os.environ.get"),
        ("a set that is iterated over", "for name in names"),
        ("list() of a set", "h = list("),
        ("date.today()", "i = date.today()"),
    ],
)
def test_named_with_its_line(what, source):
    """Time, chance, environment and the order of sets are named with the line that asks for them."""
    lines = FLOW.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if source in text)

    found = [each for each in found_in("Unsteady") if each.lineno == line]

    assert [str(FLOW)] == [each.filename for each in found]
    assert f"{what} is used between steps at {FLOW}:{line}." in str(found[0].message)


def test_steps_may_ask():
    """What a step asks for is recorded, and what is the same each time may be asked for anywhere."""
    assert [] == found_in("Steady")
