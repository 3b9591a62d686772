"""An instance on one page: what its attempts have used."""

from __future__ import annotations

import pytest

from stepwell.description import print_instance
from stepwell.models import InstanceDetail

MOMENT = "2026-01-02T03:04:05Z"
ATTEMPT = {"start": MOMENT, "end": MOMENT, "success": True, "error": None}
USED = {"cpuMs": 1234.56, "memoryBytes": 5 << 20}


def detail(*attempts) -> InstanceDetail:
    step = {"type": "step", "name": "one-1", "start": MOMENT, "end": MOMENT, "success": True, "attempts": attempts}
    moments = dict.fromkeys(("queued", "start", "end"), MOMENT)
    outcome = {"status": "complete", "success": True, "error": None, "versionId": "1", "trigger": {"source": "api"}}
    return InstanceDetail.model_validate({**moments, **outcome, "step_count": 1, "steps": [step]})


@pytest.mark.parametrize(
    ("used", "shown", "hidden"),
    [
        (USED, ["CPU", "1,234.6 ms", "Memory", "+5.0 MiB"], []),
        ({"cpuMs": 1}, ["CPU", "1.0 ms"], ["Memory", "MiB"]),
        ({}, [], ["CPU", "Memory"]),
    ],
    ids=["all", "processor time alone", "nothing"],
)
def test_what_attempts_have_used(capsys, used, shown, hidden):
    """It is shown where the runtime counts it, and there are no columns for what it does not count."""
    print_instance("Flow", "a", detail({**ATTEMPT, **used}, ATTEMPT), output_limit=None)

    out = capsys.readouterr().out
    assert [text for text in shown if text not in out] == []
    assert [text for text in hidden if text in out] == []
