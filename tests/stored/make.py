"""
Write a state and run files of this version's format: `python tests/stored/make.py tests/stored/schema_N`.

`tests/guest/stored.test.js` opens what every format has left here, so run this with each release that has a new
version of the tables, and keep what is there. The state is that of a killed host: it has
its write-ahead log. Every status has an instance.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).parent / "project"
WORKPLACE = Path("/tmp/stepwell-stored")
"""A part of what is stored, so it is the same everywhere."""
PATIENCE_S = 60
EXPORTED = {"finished": "finished", "approval": "waits", "Till": "till", "failed": "failed"}
STATUSES = Path(__file__).parent / "statuses.json"
"""The status of each instance at the end, by workflow and id."""


def stepwell(*arguments: str) -> str:
    """Run a command to its end, which must be a good one."""
    command = [sys.executable, "-m", "stepwell", *arguments]
    done = subprocess.run(command, cwd=WORKPLACE, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True)
    return done.stdout


def instance(*arguments: str) -> str:
    return stepwell("workflows", "instances", *arguments)


def status(workflow: str, instance_id: str) -> str:
    return str(json.loads(instance("describe", workflow, instance_id, "--json"))["status"])


def await_status(workflow: str, instance_id: str, expected: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (found := status(workflow, instance_id)) != expected:
        if time.monotonic() > deadline:
            raise SystemExit(f"{workflow}/{instance_id} is {found}, not {expected}.")
        time.sleep(0.2)


def trigger(workflow: str, instance_id: str, params: object = None) -> None:
    stepwell("workflows", "trigger", workflow, json.dumps(params or {}), "--id", instance_id)


def fill() -> None:
    """Make the instances, and steer each to its status."""
    trigger("finished", "finished", {"customer": "Ada"})
    trigger("failed", "failed")
    trigger("sleeper", "sleeps", {"nap": "1 minute"})
    trigger("retrying", "retrying")
    for instance_id in ("waits", "paused", "terminated"):
        trigger("approval", instance_id)
    trigger("undoing", "undoing")
    await_status("undoing", "undoing", "waiting")
    instance("terminate", "undoing", "undoing", "--rollback")
    for instance_id in ("running", "pausing", "queued"):
        trigger("interrupted", instance_id)
    await_status("interrupted", "pausing", "running")
    instance("pause", "interrupted", "pausing")
    for event in ("first", "third"):
        instance("send-event", "approval", "waits", "--type", event, "--payload", json.dumps({"of": event}))
    instance("pause", "approval", "paused")
    instance("terminate", "approval", "terminated")


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "stepwell", *arguments],
        cwd=WORKPLACE,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def main(folder: Path) -> None:
    shutil.rmtree(WORKPLACE, ignore_errors=True)
    shutil.copytree(PROJECT, WORKPLACE)
    host = start("serve", ".")
    processes = [host]
    try:
        while "Serving" not in host.stderr.readline():
            pass
        processes.append(start("run", "till.mjs", "--id", "till"))
        fill()
        for workflow, instances in json.loads(STATUSES.read_text()).items():
            for instance_id, expected in instances.items():
                await_status(workflow, instance_id, expected)
        for workflow, instance_id in EXPORTED.items():
            stepwell("runs", "export", instance_id, f"{workflow}.run.sqlite", "--workflow", workflow)
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    state = WORKPLACE / ".stepwell" / "state.sqlite"
    for path in (state, state.with_name("state.sqlite-wal"), *WORKPLACE.glob("*.run.sqlite")):
        with gzip.open(folder / f"{path.name}.gz", "wb") as file:
            file.write(path.read_bytes())
    shutil.rmtree(WORKPLACE)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
