"""What is written of the conformance suite: the table in PARITY.md, and what docs/conformance.md says is covered."""

import json
import os
import subprocess
from pathlib import Path

from stepwell.node import find_node

PROJECT = Path(__file__).parents[2]
LIST = """
import { loadScenarios } from "./conformance/load.js";
import { TARGETS } from "./conformance/targets/index.js";
const names = (await loadScenarios()).map(({ name }) => name.replaceAll("|", "\\\\|"));
process.stdout.write(JSON.stringify({ names, targets: Object.keys(TARGETS) }));
"""


def node(*arguments, env=None):
    command = [str(find_node().path), *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, env=env)


def test_table_is_whole():
    """Every scenario has a cell for every target, and none of them failed."""
    suite = json.loads(node("--input-type=module", "-e", LIST).stdout)
    page = (PROJECT / "PARITY.md").read_text()
    table = page.partition("<!-- conformance -->\n")[2].partition("<!-- end of conformance -->")[0]
    head, _, *rows = [line[2:-2].split(" | ") for line in table.splitlines() if line.startswith("| ")]
    odd = [row for row in rows if not all(cell.startswith(("same", "differs: ", "n.a.: ")) for cell in row[1:])]

    assert ["scenario", *suite["targets"]] == head
    assert suite["names"] == [row[0] for row in rows]
    assert [] == odd


def test_groups():
    """The page about the suite has each group of scenarios, and none that there is not."""
    suite = json.loads(node("--input-type=module", "-e", LIST).stdout)
    page = (PROJECT / "docs" / "conformance.md").read_text()
    told = [
        name for line in page.splitlines() if line.startswith("| `") for name in line.split("|")[1].split("`")[1::2]
    ]

    assert {name.partition(":")[0] for name in suite["names"]} == set(told)


def test_run_that_is_not_whole(tmp_path):
    """Where a target cannot be run, the page is left as it was."""
    page = tmp_path / "page.md"
    page.write_text("<!-- conformance -->\n<!-- end of conformance -->")
    environment = {**os.environ, "STEPWELL_HOST_PYTHON": "nowhere"}
    done = node("conformance/main.js", "--parity", str(page), "--target", "wasmtime", env=environment)

    assert 1 == done.returncode
    assert f"{page} is left as it was.\n" in done.stdout
    assert "<!-- conformance -->\n<!-- end of conformance -->" == page.read_text()


def test_part_of_a_column(tmp_path):
    """The table is not put together from parts of runs."""
    done = node("conformance/main.js", "--parity", str(tmp_path / "page.md"), "-k", "steps: one step")

    assert (2, "--parity writes whole columns: it does not go with -k.\n") == (done.returncode, done.stdout)
