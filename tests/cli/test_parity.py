"""What is written of the conformance suite: its results, PARITY.md's summary, and the list in docs/conformance.md."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from stepwell.node import find_node

PROJECT = Path(__file__).parents[2]
LIST = """
import { loadScenarios } from "./conformance/load.js";
import { TARGETS } from "./conformance/targets/index.js";
const names = (await loadScenarios()).map(({ name }) => name);
process.stdout.write(JSON.stringify({ names, targets: Object.keys(TARGETS) }));
"""


def node(*arguments, env=None):
    command = [str(find_node().path), *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, env=env)


SUMMARY = """
import { readCells, summaryTable } from "./conformance/parity.js";
import { TARGETS } from "./conformance/targets/index.js";
const rows = [...readCells("conformance/parity.json")].map(([name, results]) => ({ name, results }));
process.stdout.write(summaryTable(rows, Object.keys(TARGETS)));
"""


def test_results_are_whole():
    """Every scenario has a result for every target, and each result is same, declared or impossible."""
    suite = json.loads(node("--input-type=module", "-e", LIST).stdout)
    results = json.loads((PROJECT / "conformance/parity.json").read_text(encoding="utf-8"))
    odd = [
        (name, cell)
        for name, row in results.items()
        for cell in row.values()
        if not cell.startswith(("same", "differs: ", "n.a.: "))
    ]

    assert suite["names"] == list(results)
    assert [] == [name for name, row in results.items() if list(row) != suite["targets"]]
    assert [] == odd


def test_summary_is_that_of_the_results():
    """PARITY.md has the summary that the results give."""
    page = (PROJECT / "PARITY.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- conformance -->\n")[2].partition("\n<!-- end of conformance -->")[0]

    assert node("--input-type=module", "-e", SUMMARY).stdout == shown


def test_groups():
    """The page about the suite has each group of scenarios, and none that there is not."""
    suite = json.loads(node("--input-type=module", "-e", LIST).stdout)
    page = (PROJECT / "docs" / "conformance.md").read_text()
    told = [
        name for line in page.splitlines() if line.startswith("| `") for name in line.split("|")[1].split("`")[1::2]
    ]

    assert {name.partition(":")[0] for name in suite["names"]} == set(told)


def test_run_that_is_not_whole(tmp_path):
    """Where a target cannot be run, results and page are left as they were."""
    results, page = tmp_path / "results.json", tmp_path / "page.md"
    results.write_text("{}")
    page.write_text("<!-- conformance -->\n<!-- end of conformance -->")
    environment = {**os.environ, "STEPWELL_HOST_PYTHON": "nowhere"}
    published = ("--parity", str(results), "--page", str(page))
    done = node("conformance/main.js", *published, "--target", "wasmtime", env=environment)

    assert 1 == done.returncode
    assert f"{results} is left as it was.\n" in done.stdout
    assert ("{}", "<!-- conformance -->\n<!-- end of conformance -->") == (results.read_text(), page.read_text())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--parity", "R", "-k", "steps"), "--parity writes whole columns: it does not go with -k."),
        (("--page", "R"), "--page summarizes the file of --parity: give both."),
        (("--parity", "nowhere.json"), 'There is no file "nowhere.json".'),
    ],
)
def test_arguments_that_write_nothing(tmp_path, arguments, message):
    results = tmp_path / "results.json"
    results.write_text("{}")
    done = node("conformance/main.js", *(str(results) if each == "R" else each for each in arguments))

    assert (2, f"{message}\n") == (done.returncode, done.stdout)
