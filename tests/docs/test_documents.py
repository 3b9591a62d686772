"""What the documents say is there."""

import ast
import json
import re
import shlex
import tomllib
from typing import Any

import click
import pytest
from documents import DOCUMENTS, ROOT, Block, all_blocks, block

from stepwell import exit_codes
from stepwell.cli import stepwell
from stepwell.wasmtime_settings import wasmtime_settings

_LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")
_VARIABLE = re.compile(r"STEPWELL_[A-Z_]+")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_links_lead_to_files(document):
    text = document.read_text(encoding="utf-8")
    targets = {target for target, _ in _LINK.findall(text) if not target.startswith(("http:", "https:", "mailto:"))}
    assert [target for target in sorted(targets) if not (document.parent / target).exists()] == []


def test_the_index_has_every_page():
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert sorted(page for page in pages if f"({page})" not in index) == []


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_python_is_python(block: Block):
    # Bodies of functions and of classes, too.
    ast.parse(block.text.replace("…", "..."))


@pytest.mark.parametrize("block", all_blocks("toml", "json"), ids=str)
def test_configuration_can_be_read(block: Block):
    read: Any = tomllib.loads if block.language == "toml" else json.loads
    read(block.text)


def commands(block: Block):
    """The calls of stepwell in *block*."""
    text = block.text.replace("\\\n", " ")
    for line in text.splitlines():
        for part in re.split(r"&&|;|\| ", line.removeprefix("$ ")):
            words = shlex.split(part, comments=True) if part.count("'") % 2 == 0 else part.split()
            names = [word.rpartition("/")[2] for word in words]
            if "stepwell" in names and all("=" in word for word in words[: names.index("stepwell")]):
                yield words[names.index("stepwell") + 1 :]


def problem(words: list[str]) -> str | None:
    """What is wrong with a call: a command or an option that does not exist."""
    command: click.Command = stepwell
    context = click.Context(command)
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        names = rest.pop(0).split("|")
        found = [command.get_command(context, name) for name in names]
        if None in found or not found[0]:
            return f"no command {names}"
        command = found[0]
    options = {
        name for parameter in command.get_params(context) for name in (*parameter.opts, *parameter.secondary_opts)
    }
    given = [re.split(r"[=|]", word.strip("[]"))[0] for word in rest if re.match(r"\[?--?[a-z]", word)]
    unknown = [name for name in given if name not in options]
    return f"no option {unknown}" if unknown else None


@pytest.mark.parametrize("block", all_blocks("console", "sh", "bash"), ids=str)
def test_commands_exist(block: Block):
    assert [(words, found) for words in commands(block) if (found := problem(words))] == []


def test_every_environment_variable_is_documented():
    sources = [
        path
        for folder in ("py", "js", "runtime", "bridge")
        for pattern in ("*.py", "*.js")
        for path in (ROOT / folder).rglob(pattern)
        if "node_modules" not in path.parts
    ]
    read = {name for path in sources for name in _VARIABLE.findall(path.read_text(encoding="utf-8"))}
    documented = set(_VARIABLE.findall((ROOT / "docs/configuration.md").read_text(encoding="utf-8")))
    assert read == documented


def test_the_exit_codes_are_those_of_the_command():
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert documented == {
        getattr(exit_codes, name) for name in ("COMPLETE", "ERRORED", "USAGE", "INTERNAL", "INTERRUPTED", "BROKEN_PIPE")
    }


def test_the_limits_are_those_of_the_engine():
    text = (ROOT / "docs/writing-workflows.md").read_text(encoding="utf-8")
    source = (ROOT / "js/engine/limits.js").read_text(encoding="utf-8")
    limit = dict(re.findall(r"export const (\w+) = ([\d_]+);", source))
    said = {
        "DEFAULT_STEP_LIMIT": r"steps of an instance \| ([\d,]+)",
        "MAX_SLEEPS_AND_WAITS": r"sleeps and waits of an instance \| ([\d,]+)",
        "MAX_STEP_NAME_LENGTH": r"a step's name \| ([\d,]+)",
        "MAX_ID_LENGTH": r"an instance's id \| ([\d,]+)",
        "MAX_NAME_LENGTH": r"a workflow's name \| ([\d,]+)",
        "MAX_EVENT_TYPE_LENGTH": r"an event's type \| ([\d,]+)",
        "MAX_BATCH": r"`create_batch` \| ([\d,]+)",
        "MAX_RETRIES": r"retries \| ([\d,]+)",
        "MAX_OPEN_CALLS": r"open calls of other workflows \| ([\d,]+)",
        "MAX_SCHEDULES": r"schedules of a state \| ([\d,]+)",
    }
    found = {name: re.search(pattern, text) for name, pattern in said.items()}
    documented = {name: int(match[1].replace(",", "")) for name, match in found.items() if match}
    assert documented == {name: int(limit[name].replace("_", "")) for name in said}


def test_the_settings_of_wasmtime_are_taken():
    """Those that are commented out, too."""
    text = re.sub(r"^# (?=\S+ = )", "", block("runtimes.md", "[tool.stepwell.wasmtime]").text, flags=re.MULTILINE)
    table = tomllib.loads(text)["tool"]["stepwell"]
    assert len(table["wasmtime"]) == len(wasmtime_settings((ROOT / "pyproject.toml", table)))


RUNTIMES = ROOT / "runtime/README.md"
# The changelog names files of older versions, too.
OF_TODAY = [*(each for each in DOCUMENTS if each.name != "CHANGELOG.md"), RUNTIMES]


@pytest.mark.parametrize("document", OF_TODAY, ids=lambda each: str(each.relative_to(ROOT)))
def test_files_that_are_named_by_their_path_exist(document):
    text = document.read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`([\w./*-]+/[\w./*-]+)`", text) if name.split("/")[0] in SOURCE_FOLDERS}
    assert [name for name in sorted(named) if not any(ROOT.glob(name.rstrip("/")))] == []


SOURCE_FOLDERS = ("benchmarks", "bridge", "conformance", "examples", "js", "notices", "py", "runtime", "tests")
FOR_DEVELOPERS = [*(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "docs/internals.md")), RUNTIMES]


@pytest.fixture(scope="module")
def sources():
    """The names of all files of the project."""
    return {
        path.name
        for folder in SOURCE_FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".js", ".py", ".ts"}
    } | {path.name for path in ROOT.glob("*.py")}


@pytest.mark.parametrize("document", FOR_DEVELOPERS, ids=lambda each: str(each.relative_to(ROOT)))
def test_files_that_are_named_without_their_path_exist(document, sources):
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:[\w./-]+/)?([\w-]+(?:\.test|\.d)?\.(?:js|py|ts))`", text))
    assert sorted(named - sources) == []


def interfaces():
    """Names in docs/internals.md, each with the files that use it. A file without a folder is beside the last one."""
    text = (ROOT / "docs/internals.md").read_text(encoding="utf-8")
    users = []
    for row in re.findall(r"^\| (?!what |---)(.+) \|$", text, re.MULTILINE):
        what, where = row.split(" | ")[:2]
        folder = ROOT
        for number, name in enumerate(re.findall(r"`([^`]+)`", where)):
            folder = (ROOT / name).parent if "/" in name else folder
            users = [*(users if number else []), folder / name.rpartition("/")[2]]
        for name in re.findall(r"`([^`]+)`", what):
            yield re.findall(r"[A-Za-z_$][\w$-]*", name)[-1], users


@pytest.mark.parametrize(("name", "users"), list(interfaces()), ids=lambda each: each if isinstance(each, str) else "")
def test_private_interfaces_are_used_where_the_page_says(name, users):
    files = [file for user in users for file in (user.rglob("*.py") if user.is_dir() else [user])]
    word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    assert any(word.search(file.read_text(encoding="utf-8")) for file in files)
