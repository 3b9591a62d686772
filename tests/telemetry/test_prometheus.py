"""Prometheus itself, as Debian has it, scrapes a server."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from urllib.parse import quote, urlsplit

import pytest
from test_otlp import Place, until

PROMETHEUS = shutil.which("prometheus")
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is missing: apt-get install prometheus"),
]


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path, receiver=None)
    yield place
    place.kill()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def prometheus(tmp_path, place):
    """Asks a Prometheus that scrapes the place's server."""
    place.serve()
    target = urlsplit(place.server).netloc
    config = {
        "scrape_configs": [
            {"job_name": "stepwell", "scrape_interval": "200ms", "scrape_timeout": "200ms",
             "static_configs": [{"targets": [target]}]},
        ]
    }  # fmt: skip
    # JSON is YAML.
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    port = free_port()
    process = subprocess.Popen(
        [
            PROMETHEUS,
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def ask(query):
        url = f"http://127.0.0.1:{port}/api/v1/query?query={quote(query)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                found = json.load(response)["data"]["result"]
        except (urllib.error.URLError, ConnectionError):
            return {}
        return {tuple(sorted(each["metric"].items())): float(each["value"][1]) for each in found}

    yield ask
    process.kill()
    process.wait()


def test_scrape(place, prometheus):
    """Its queries give what has happened, by workflow and status."""
    until(lambda: 1.0 in prometheus("up").values(), "Prometheus does not reach the server")
    place.run("a")
    place.run("b")
    finished = "sum by (workflow, status) (stepwell_instances_finished_total)"

    until(lambda: 2.0 in prometheus(finished).values(), "the instances are not counted")

    assert {(("status", "complete"), ("workflow", "flow")): 2} == prometheus(finished)
    assert {(): 6} == prometheus("sum(stepwell_steps_total)")
    assert {(): 2} == prometheus("sum(stepwell_instance_duration_seconds_count)")
    assert {(): 2} == prometheus('sum(stepwell_instances{status="complete"})')
