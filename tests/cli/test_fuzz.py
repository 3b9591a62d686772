"""
Exit code 70 is for faults of Stepwell alone: whatever arguments, environment and standard streams it is given.

`STEPWELL_FUZZ_CASES` says how many commands are run, `STEPWELL_FUZZ_SEED` which; the seed is printed.
"""

import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

CASES = int(os.environ.get("STEPWELL_FUZZ_CASES", "200"))
SEED = int(os.environ.get("STEPWELL_FUZZ_SEED", random.SystemRandom().randrange(10**9)))
AT_ONCE = 4
ALLOWED = {0, 1, 2, 130, 141}

FLOW = """
import { WorkflowEntrypoint } from "cloudflare:workers";

export class Flow extends WorkflowEntrypoint {
  async run(event, step) {
    return await step.do("echo", async () => event.payload);
  }
}
"""
ODD = [
    b"",
    b"-",
    b"--",
    b"latest",
    b"\xff\xfe",
    "ü✅".encode(),
    b"x" * 300,
    b"../..",
    b"/dev/null",
    b"/proc/self/mem",
    b"a\nb",
    b"\x1b[2J",
    b"$(id)",
    b"-1",
    b"1e400",
    b"NaN",
    b'"\\ud800"',
    b'{"n": 1e400}',
    b"9" * 5000,
    b"[" * 2000,
    b"{}",
    b'{"a": [1, 2.0, 616581622363398142]}',
]
TARGETS = [b"flow.mjs", b"flow.mjs:Flow", b"flow.mjs:Nope", b".", b"project", b"missing.py", b"fifo.json"]
COMMANDS = [
    [b"run", TARGETS],
    [b"run", TARGETS, b"--params", ODD],
    [b"run", TARGETS, b"--params-file", ODD],
    [b"run", TARGETS, b"--id", ODD],
    [b"run", TARGETS, b"--workflow", ODD],
    [b"run", ODD],
    [b"run", TARGETS, b"--runtime", ODD],
    [b"run", TARGETS, b"--state", ODD],
    [b"workflows", b"list", b"--state", ODD],
    [b"workflows", b"describe", ODD],
    [b"workflows", b"trigger", ODD, ODD],
    [b"workflows", b"instances", b"list", ODD],
    [b"workflows", b"instances", b"describe", b"Flow", ODD],
    [b"workflows", b"instances", b"pause", ODD, ODD],
    [b"workflows", b"instances", b"send-event", b"Flow", b"a", b"--type", ODD, b"--payload", ODD],
    [b"workflows", b"instances", b"delete", b"Flow", b"--filename", ODD],
    [b"runs", b"open", ODD],
    [b"runs", b"export", ODD, b"out.sqlite", b"--force"],
    [b"sync", ODD],
    [b"doctor", b"--state", ODD],
    [b"graph", ODD],
    [b"--version"],
    [ODD],
    [b"workflows", ODD],
]
ENVIRONMENTS = [
    {},
    {b"HOME": b""},
    {b"HOME": b"/nonexistent"},
    {b"STEPWELL_CACHE": b""},
    {b"STEPWELL_PATIENCE": b"x"},
    {b"STEPWELL_NODE": b"/bin/true"},
    {b"STEPWELL_NODE": b"missing"},
    {b"TMPDIR": b"/nonexistent"},
    {b"TERM": b"dumb", b"COLUMNS": b"0"},
    {b"PYTHONIOENCODING": b"ascii"},
    {b"PYTHONIOENCODING": b"latin-1", b"PYTHONUTF8": b"0"},
    {b"LC_ALL": b"C"},
    {b"ODD\xff": b"\xff"},
    {b"FORCE_COLOR": b"1"},
]
STREAMS = [b"", b"<&-", b">&-", b"2>&-", b">/dev/full", b"2>/dev/full", b"<&- >&- 2>&-", b"| head -c 1", b"</dev/null"]
CONFIGURATIONS = [
    b"{",
    b"[" * 3000,
    b'{"main": 1}',
    b'{"main": "flow.mjs"}',
    b'{"main": "../flow.mjs", "vars": {"A": "\\ud800"}}',
    b'{"main": "../flow.mjs", "workflows": [{"binding": "F", "name": "f", "class_name": "Flow", "limits": 0}]}',
    b"\xff\xfe",
]


def quoted(word: bytes) -> bytes:
    return b"'" + word.replace(b"'", b"'\\''") + b"'"


def command(source: random.Random) -> bytes:
    """A line of the shell."""
    words = [source.choice(part) if isinstance(part, list) else part for part in source.choice(COMMANDS)]
    if source.random() < 0.2:
        words.insert(source.randrange(len(words) + 1), source.choice(ODD))
    line = b" ".join([b"exec", quoted(os.fsencode(sys.executable)), b"-m", b"stepwell", *map(quoted, words)])
    stream = source.choice(STREAMS)
    if stream.startswith(b"|"):
        return b"(" + line + b") " + stream + b"; exit ${PIPESTATUS[0]}"
    return line + b" " + stream


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "flow.mjs").write_text(FLOW, encoding="utf-8")
    (tmp_path / "project").mkdir()
    os.mkfifo(tmp_path / "fifo.json")
    return tmp_path


def run(folder, number):
    source = random.Random(f"{SEED}-{number}")
    own = folder / str(number)
    own.mkdir()
    for name in ("flow.mjs", "fifo.json"):
        os.link(folder / name, own / name)
    (own / "project").mkdir()
    (own / "project" / "wrangler.json").write_bytes(source.choice(CONFIGURATIONS))
    line = command(source)
    environment = {**os.environb, b"STEPWELL_PATIENCE": b"5", **source.choice(ENVIRONMENTS)}
    process = subprocess.Popen(
        ["bash", "-c", line],
        cwd=own,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, err = process.communicate(timeout=180)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _, err = process.communicate()
        return f"case {number} of seed {SEED} hangs: {line!r}\n{err[-2000:].decode(errors='replace')}"
    if process.returncode in ALLOWED and b"Traceback" not in err:
        return None
    end = err[-2000:].decode(errors="replace")
    return f"case {number} of seed {SEED} exits with {process.returncode}: {line!r}\n{end}"


@pytest.mark.timeout(120 + CASES * 30)
def test_no_fault(folder):
    """No command ends with a fault of Stepwell, a traceback, or not at all."""
    print(f"seed {SEED}")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        faults = [fault for fault in pool.map(lambda number: run(folder, number), range(CASES)) if fault]

    assert not faults, f"{len(faults)} of {CASES}:\n" + "\n".join(faults)
