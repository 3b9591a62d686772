"""`queues` of the configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stepwell.exceptions import InputError
from stepwell.wrangler import load_config

if TYPE_CHECKING:
    from pathlib import Path


def config(folder: Path, queues: object) -> Path:
    (folder / "worker.py").write_text("", encoding="utf-8")
    path = folder / "wrangler.json"
    path.write_text(json.dumps({"name": "w", "main": "worker.py", "queues": queues}, indent=1), encoding="utf-8")
    return path


def test_producers_and_consumers(tmp_path: Path) -> None:
    queues = {
        "producers": [{"binding": "JOBS", "queue": "jobs", "delivery_delay": 5}],
        "consumers": [{"queue": "jobs", "max_retries": 0, "dead_letter_queue": "dead"}],
    }
    project = load_config(config(tmp_path, queues))
    assert project.worker_env == {
        "JOBS": {"kind": "host", "type": "queue", "options": {"queue": "jobs", "delivery_delay": 5}}
    }
    assert project.queue_consumers == [{"queue": "jobs", "max_retries": 0, "dead_letter_queue": "dead"}]


@pytest.mark.parametrize(
    ("consumers", "words"),
    [
        ([{"max_retries": 1}], r"wrangler\.json:\d+.*queues\.consumers\[0\]"),
        ([{"queue": "q", "max_batch_size": 101}], r"queues\.consumers\[0\]\.max_batch_size"),
        ([{"queue": "q"}, {"queue": "q"}], r"queues\.consumers\[1\]\.queue is 'q', which another consumer has already"),
        ("q", r"queues\.consumers"),
    ],
)
def test_refused(tmp_path: Path, consumers: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_config(config(tmp_path, {"consumers": consumers}))
