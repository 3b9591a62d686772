"""docs/rest.md and docs/monitoring.md: Cloudflare's clients and Prometheus, used as the pages show them."""

import os
import shlex
import subprocess
from pathlib import Path

from documents import block
from real_clients import PATIENCE_S, named_folder, run_wrangler

SERVED = "http://127.0.0.1:8787"


def test_wrangler(server, tmp_path_factory):
    """The variables, and both commands, which show the workflow's instances."""
    address, account, remote, local = block("rest.md", "export CLOUDFLARE_API_BASE_URL").commands
    exported = shlex.split(address)[1:] + shlex.split(account)[1:]
    environment = dict(each.replace(SERVED, server.url).split("=", 1) for each in exported)
    folder = tmp_path_factory.mktemp("wrangler")

    for command in (remote, local):
        npx, wrangler, *arguments = shlex.split(command.replace("8787", str(server.port)), comments=True)
        assert ("npx", "wrangler") == (npx, wrangler)
        code, said = run_wrangler(folder, *arguments, environment=environment)
        assert 0 == code, said


def test_python_client(server):
    """The program lists the workflow and creates an instance."""
    program = block("rest.md", "from cloudflare import Cloudflare").text.replace(SERVED, server.url)
    done = subprocess.run(
        [named_folder("STEPWELL_CLIENTS_PYTHON"), "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )

    assert (0, "greet\n") == (done.returncode, done.stdout), done.stderr


def test_prometheus_takes_the_configuration(tmp_path):
    promtool = Path(named_folder("STEPWELL_CLIENTS_PROMETHEUS")) / "promtool"
    (tmp_path / "prometheus.yml").write_text(block("monitoring.md", "scrape_configs:").text, encoding="utf-8")

    done = subprocess.run(
        [promtool, "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr
