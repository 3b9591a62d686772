"""
No false alarm: the test kit's tools find nothing in workflows that are sound.

The session `alarms` runs this: over the conformance scenarios' workflows, and over the files of `STEPWELL_PUBLIC_WORKFLOWS`, a folder of
workflows from public repositories, each a file that imports nothing but Cloudflare's modules.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell.node import find_node

HERE = Path(__file__).parent
PUBLIC = os.environ.get("STEPWELL_PUBLIC_WORKFLOWS")
ALL = os.environ.get("STEPWELL_ALARMS")
TIMEOUT_S = 3000
# Outside of steps they keep what their callbacks count, which a crash takes: the finding is right.
SOUND_FINDINGS = {"Demo3"}


def check(*arguments):
    """What `check.py` finds: lists by workflow."""
    command = [sys.executable, HERE / "check.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    assert 0 == done.returncode, done.stderr
    return dict(json.loads(line) for line in done.stdout.splitlines())


def alarms(found):
    """What was found in workflows that were run to their end."""
    return {name: said for name, said in found.items() if said and not str(said).startswith("skipped")}


@pytest.mark.skipif(ALL is None, reason="the session `alarms` runs it")
def test_conformance(tmp_path):
    """Nothing is found in the workflows of the conformance scenarios."""
    subprocess.run([find_node().path, HERE / "conformance_flows.js", tmp_path], check=True)
    found = {}
    for path in sorted(tmp_path.glob("*.py")):
        # Each alone: all sources of a folder are one deployment.
        folder = tmp_path / path.stem
        folder.mkdir()
        shutil.copy(path, folder / "flow.py")
        found |= check(folder / "flow.py", f"{path}.json")

    assert {} == alarms(found)
    assert len(found) > 200


@pytest.mark.skipif(PUBLIC is None, reason="STEPWELL_PUBLIC_WORKFLOWS names no folder")
def test_public_workflows():
    """Nothing is found in workflows that others have published, save what is there."""
    found = {}
    for path in sorted(Path(PUBLIC).iterdir()):
        found |= {f"{path.name} {name}": said for name, said in check(path).items()}

    assert {} == {name: said for name, said in alarms(found).items() if name.split()[-1] not in SOUND_FINDINGS}
