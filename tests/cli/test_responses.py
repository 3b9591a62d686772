"""What is said of the host's answers to pydantic's core, against what their annotations say."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from stepwell import responses
from stepwell.responses import Event, HostResponse

RESPONSES = HostResponse.__subclasses__()
MOMENT = "2026-01-02T03:04:05.678Z"
ERROR = {"code": 1, "message": "no"}
SUMMARY = {
    "id": "a",
    "status": "queued",
    "created_on": MOMENT,
    "modified_on": MOMENT,
    "version_id": "v",
    "workflow_id": "w",
}
PAGE = {"count": 1, "per_page": 10, "total_count": 1}
VALUES: list[Any] = [
    None,
    True,
    7,
    -1.5,
    "text",
    "running",
    MOMENT,
    [],
    [7],
    [ERROR],
    [SUMMARY],
    [{"name": "n", "class_name": "c"}],
    {},
    PAGE,
    {"name": "OSError", "message": "no answer", "traceback": None},
]
"""For every type of a field one at least that fits, and many that do not."""


@pytest.fixture(scope="module")
def by_pydantic():
    return {answer: TypeAdapter(answer) for answer in RESPONSES}


def judged(validate, value):
    """What a validator makes of *value*, as JSON; None where it refuses it."""
    try:
        return to_jsonable_python(validate(value))
    except ValidationError:
        return None


def complete(answer, adapter):
    """An answer of which every field is there, and fits."""
    found = {}
    for field in fields(answer):
        for value in VALUES[1:]:
            try:
                adapter.validate_python({**found, field.name: value})
            except ValidationError as error:
                if any(detail["loc"][:1] == (field.name,) for detail in error.errors()):
                    continue
            found[field.name] = value
            break
        assert field.name in found, f"no value here fits {answer.__name__}.{field.name}"
    return found


@pytest.mark.parametrize("answer", RESPONSES, ids=lambda answer: answer.__name__)
def test_a_description_says_what_the_annotations_say(answer, by_pydantic):
    adapter = by_pydantic[answer]
    whole = complete(answer, adapter)
    alias = responses.camel_case if answer is Event else str

    def ours(value):
        return answer.model_validate({alias(name): each for name, each in value.items()})

    assert None is not judged(ours, whole)
    for field in fields(answer):
        without = {name: value for name, value in whole.items() if name != field.name}
        for value in (without, *({**without, field.name: value} for value in VALUES)):
            assert judged(adapter.validate_python, value) == judged(ours, value), value


def test_what_a_newer_host_says_besides_is_not_looked_at():
    event = Event.model_validate_json(b'{"type": "log", "timestamp": 1, "stepName": "a-1", "news": 1}')

    assert ("a-1", None) == (event.step_name, event.text)


def test_a_run_needs_nothing_of_pydantic_but_its_core():
    modules = "stepwell.run, stepwell.client, stepwell.follow, stepwell.progress, stepwell.packages.require"
    code = f"import sys, {modules}; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "False\n" == done.stdout
