"""The tables of layers in ARCHITECTURE.md, enforced: who may import whom, and what a layer never holds."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def read_layers(language: str) -> dict[str, set[str]]:
    """
    What the files of each layer may import, as ARCHITECTURE.md has it.

    JavaScript: paths, `npm:` and `node:` modules. Python: top-level modules besides the standard library.
    """
    rows = re.search(rf"^\| layer of {language} \|.*\n\|[ |-]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    cells = [row.split("|")[1:3] for row in rows[1].splitlines()]
    return {layer.strip(" `"): set(re.findall(r"`([^`]+)`", allowed)) for layer, allowed in cells}


JS_MAY_IMPORT = read_layers("JavaScript")
PYTHON_MAY_IMPORT = read_layers("Python")
SQL = re.compile(
    r"\b(SELECT\s+[\w*(\"]|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE|BEGIN\s+IMMEDIATE)"
)

JS_IMPORT = re.compile(
    r"""(?:^|[\s;}])(?:import|export)\s+(?:type\s+)?(?:[\w*${}\s,]+?\s+from\s+)?["']([^"']+)["']"""
    r"""|\bimport\(\s*["']([^"']+)["']\s*\)"""
    r"""|@import\s[^*]*?\sfrom\s+["']([^"']+)["']""",
    re.MULTILINE,
)


def tracked(*patterns: str) -> list[str]:
    """The files under version control, or about to be."""
    if shutil.which("git") is None:
        pytest.skip("git is missing, which lists the project's own files: install it", allow_module_level=True)
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this is not a checkout: there is no list of the project's own files", allow_module_level=True)
    return [name for name in done.stdout.splitlines() if (ROOT / name).exists()]


def layer(table: dict[str, set[str]], name: str) -> str | None:
    """The longest prefix of *name* in *table*."""
    return max((prefix for prefix in table if name == prefix or name.startswith(f"{prefix}/")), key=len, default=None)


def within(target: str, allowed: set[str]) -> bool:
    """Whether *target* is, or lies under, something of *allowed*."""
    kind, _, _ = target.partition(":")
    return f"{kind}:*" in allowed or any(target == each or target.startswith(f"{each}/") for each in allowed)


def js_imports(name: str) -> set[str]:
    """What a JavaScript file imports: paths from the root, `node:…` or `npm:…`."""
    found = set()
    for groups in JS_IMPORT.findall((ROOT / name).read_text(encoding="utf-8")):
        target = next(filter(None, groups))
        if target.startswith("."):
            found.add((ROOT / name).parent.joinpath(target).resolve().relative_to(ROOT).as_posix())
        else:
            found.add(target if target.startswith("node:") else f"npm:{target}")
    return found


def python_imports(name: str) -> set[str]:
    """The top-level modules that a Python file imports, the standard library's left out."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    # The guest's Python is newer than the one that runs this.
    return found - sys.stdlib_module_names - {"annotationlib"}


def code_of(name: str) -> str:
    """A JavaScript file without its comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", text, flags=re.DOTALL)


JS_LAYERS = ("js", "bridge", "runtime", "conformance")
JS_FILES = tracked(*(f"{folder}/*{suffix}" for folder in JS_LAYERS for suffix in (".js", ".d.ts")))
PYTHON_FILES = tracked("bridge/*.py", "runtime/*.py", "py/*.py")


@pytest.mark.parametrize("name", JS_FILES)
def test_js_imports(name):
    """A JavaScript layer imports only what the table allows."""
    allowed = JS_MAY_IMPORT[layer(JS_MAY_IMPORT, name)]

    forbidden = {target for target in js_imports(name) if not within(target, allowed)}

    assert set() == forbidden


@pytest.mark.parametrize("name", PYTHON_FILES)
def test_python_imports(name):
    """A Python layer imports only what the table allows."""
    allowed = PYTHON_MAY_IMPORT[layer(PYTHON_MAY_IMPORT, name)]

    assert set() == python_imports(name) - allowed


@pytest.mark.parametrize("name", tracked("js/engine/*"))
def test_engine_is_pure(name):
    """The engine is handed clock, randomness and timers, and knows no interpreter."""
    words = r"\bnode:|\bDate\.now\b|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|randomUUID\("

    assert [] == re.findall(words, code_of(name))
    assert "pyodide" not in (ROOT / name).read_text(encoding="utf-8").lower()


# The others have databases that are not the state: Cloudflare's engine's, and those of Durable Objects.
MAY_SPEAK_SQL = (
    "js/store/",
    "js/ledger/",
    "conformance/targets/cloudflare.js",
    "runtime/objects/",
    "js/server/objects/object_files.js",
    # It empties databases of tests.
    "js/testkit/memory_database.js",
    # Tables in the memory of a process, for queries of people.
    "js/server/trace_query/",
)


@pytest.mark.parametrize("name", [name for name in JS_FILES + PYTHON_FILES if not name.startswith(MAY_SPEAK_SQL)])
def test_sql_is_in_the_store(name):
    """Only the store and the ledger speak SQL."""
    # The lock is a transaction that never writes.
    text = (ROOT / name).read_text(encoding="utf-8").replace('exec("BEGIN EXCLUSIVE")', "")

    assert [] == SQL.findall(text)


STORES = r"node:http\b|node:sqlite|http\.server|import sqlite3"


@pytest.mark.parametrize("name", tracked("runtime/*", "bridge/*.js", "bridge/*.py"))
def test_no_http_in_guests(name):
    """Runtimes and the bridge serve nothing, and store nothing but what Durable Objects have."""
    words = r"node:http\b|http\.server" if name.startswith("runtime/objects/") else STORES
    assert [] == re.findall(words, (ROOT / name).read_text("utf-8"))


def test_ruff_knows_the_guest_packages():
    """Ruff sorts the guest's packages among our own: `runtime/packages.json` has them all."""
    guest = json.loads((ROOT / "runtime/packages.json").read_text(encoding="utf-8"))
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert sorted({*guest, "stepwell"}) == settings["tool"]["ruff"]["lint"]["isort"]["known-first-party"]


@pytest.mark.parametrize("folder", json.loads((ROOT / "runtime/packages.json").read_text(encoding="utf-8")).values())
def test_guest_packages_are_there(folder):
    """Each guest package stands where the map says."""
    assert (ROOT / folder).is_dir()


def test_wheel_has_no_top_level_workers():
    """`workers` on the host belongs to another distribution: ours is mounted in guests only."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert 'packages = ["py/stepwell"]' in text
    assert 'dev-mode-dirs = [".editable"]' in text


def test_nothing_of_one_machine():
    """No file names a registry's host or a folder of somebody's machine."""
    registries = "|".join(
        ("registry" + r"\.npmjs", "files" + r"\.pythonhosted", r"pypi\.org" + "/simple", "npm" + "mirror")
    )
    machine = r"(?<![\w.$}/:-])/(?:home|Users|root)/\w+"
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    found = {
        name: hits
        for name in tracked()
        if (ROOT / name).is_file()
        for hits in [re.findall(f"{registries}|{machine}", (ROOT / name).read_text(encoding="utf-8", errors="replace"))]
        if hits
    }

    assert {} == found
    assert '"resolved"' not in lock


def test_lock_is_complete():
    """The lock file has an entry for every platform's package: where a mirror lacks one, `npm ci` fails everywhere."""
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    missing = {
        name
        for entry in packages.values()
        for name in entry.get("optionalDependencies", {})
        if f"node_modules/{name}" not in packages
    }

    assert set() == missing
