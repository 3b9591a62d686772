"""Prometheus scrapes a served project."""

import json
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from real_clients import named_folder

PATIENCE_S = 120
SCRAPE = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: stepwell
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@pytest.fixture
def programs():
    return Path(named_folder("STEPWELL_CLIENTS_PROMETHEUS"))


def read(url, data=None):
    request = urllib.request.Request(url, data, method="POST" if data else "GET")
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return response.read()


def wait_until_ready(log):
    address = ""
    for line in log:
        if "Listening on" in line:
            address = line.split("address=")[1].split()[0]
        if "ready to receive" in line:
            break
    return address


def run_instance(server):
    created = f"{server.url}/client/v4/accounts/a/workflows/greet/instances"
    read(created, b'{"instance_id": "i1", "params": {"name": "Ada"}}')
    deadline = time.monotonic() + PATIENCE_S
    while "complete" != json.loads(read(f"{created}/i1"))["result"]["status"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_promtool(server, programs):
    """Its linter has nothing to say of the metrics."""
    run_instance(server)

    done = subprocess.run(
        [programs / "promtool", "check", "metrics"],
        input=read(f"{server.url}/metrics"),
        capture_output=True,
        check=False,
    )

    own = [line for line in (done.stdout + done.stderr).decode().splitlines() if line.startswith("stepwell_")]
    assert ([], True) == (own, done.returncode in (0, 3))


def test_scrape(server, programs, tmp_path):
    """A query of Prometheus gives what was counted."""
    run_instance(server)
    config = tmp_path / "prometheus.yml"
    config.write_text(SCRAPE.format(port=server.port))
    command = [programs / "prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    with subprocess.Popen(
        [*command, "--web.listen-address=127.0.0.1:0"], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as prometheus:
        try:
            address = wait_until_ready(prometheus.stderr)
            query = urllib.parse.quote('stepwell_instances_finished_total{workflow="greet",status="complete"}')
            deadline = time.monotonic() + PATIENCE_S
            while True:
                found = json.loads(read(f"http://{address}/api/v1/query?query={query}"))["data"]["result"]
                if found or time.monotonic() > deadline:
                    break
                time.sleep(0.2)
        finally:
            prometheus.terminate()
            prometheus.stderr.close()

    assert ["1"] == [each["value"][1] for each in found]
