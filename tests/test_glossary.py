"""The words of ARCHITECTURE.md, enforced: each is in the code, and no two exported classes share a name."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("bridge", "js", "py", "runtime")

ONE_THING = {
    "Batch": "what one turn has to say, as one text",
    "Call": "a call of a step, as the session has it",
    "Delivery": "gives outcomes to `run()` one at a time",
    "Outcome": "what became of a call",
    "Serving": "Workers that a command keeps running, in the command and in the host",
    "Replays": "passes whose replay waits for their code",
    # The two readers of source code.
    "Frame": "a call that is being read",
    "Scope": "the names of a part of the source",
    "Walker": "reads the source as it would run",
    # Halves of the bridge, and what the runtimes for Python and for JavaScript each have.
    "Control": "the words of memory that a pool shares with an interpreter",
    "InvalidStepReadableStreamError": "an error of user code",
    "NonRetryableError": "an error of user code",
    "NotSerializableError": "an error of user code",
    "Output": "what takes the prints of user code",
    "PassRun": "a pass as its interpreter has it",
    "PassRunner": "what runs the passes of an interpreter",
    "Refusal": "a call that is refused before it is sent",
    "Session": "the guest's half of a pass",
    "AttemptRunner": "runs the callbacks of a session",
    "History": "what a session recalls of earlier passes",
    "Skips": "recorded outcomes that a session passes over",
    "Options": "options of an adapter, for ASGI or WSGI",
    "UserModule": "the main file of a deployment in an interpreter",
    "ModuleHandlers": "the handlers of the main file",
    "ExecutionContext": "what a handler has as `ctx`",
    "FetchCalls": "calls of fetch handlers that cross as data, on each side",
    "Worker": "the handlers of a deployment, for those who call them",
    # What user code sees, in both languages.
    "DurableObject": "a class of the SDK",
    "DurableObjectStorage": "a class of the SDK",
    "DurableObjectTransaction": "a class of the SDK",
    "FetchResponse": "what `fetch` gives, in runtimes with JavaScript and in those without",
    "WorkerEntrypoint": "a class of the SDK",
    "Workflow": "a workflow's binding in `env`",
    "WorkflowEntrypoint": "a class of the SDK",
    "WorkflowError": "why a command on a workflow or an instance was refused",
    "WorkflowInstance": "an instance as a binding gives it",
    "WorkflowStep": "the parameter `step` of `run`",
    "WorkflowTimeoutError": "an error of user code",
    # The test kit in two processes, and in two languages.
    "CrashError": "a workflow that does not survive every crash",
    "EngineHandle": "the engine of a test, as its process reaches it",
    "FileClock": "the virtual clock of a guest process, as its two ends have it",
    "HostLink": "the test kit's host process, as tests reach it",
    "InstanceIntrospector": "an instance as a test sees it",
    "Modifier": "what a test changes of instances",
    "ModifierError": "a modifier that contradicts another",
    "OrderError": "a workflow that depends on the order in which its steps end",
    "ReplayError": "an instance that is not replayed as it ran",
    "ScriptedWorkflow": "a workflow under a script of crashes or orders, in the test kit of each language",
    "TestKitError": "an error of the test kit",
    "UnfinishedError": "an instance that a test has left running",
    "WaitError": "a wait of a test that cannot be met",
    # Two ways to one end.
    "Caller": "calls the exports of a sandboxed instance, fast or by the public interface",
    "Subscription": "a stream of an instance's events, as its two ends have it",
}
"""Names that two classes have because they are one thing, with what that is."""


@cache
def product_files() -> list[Path]:
    """The product's own sources in both languages."""
    if shutil.which("git") is None:
        pytest.skip("git is missing, which lists the project's own files: install it")
    done = subprocess.run(["git", "ls-files", "--", *PRODUCT], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is not a checkout: there is no list of the project's own files")
    return [ROOT / name for name in done.stdout.splitlines() if name.endswith((".js", ".ts", ".py"))]


@cache
def exported_classes() -> dict[str, list[str]]:
    """The files of each exported class, by its name."""
    found = defaultdict(list)
    for path in product_files():
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            classes = [each.name for each in ast.parse(text).body if isinstance(each, ast.ClassDef)]
        else:
            classes = re.findall(r"^export (?:default )?class (\w+)", text, re.MULTILINE)
        for name in classes:
            if not name.startswith("_"):
                found[name].append(path.relative_to(ROOT).as_posix())
    return found


@cache
def code() -> str:
    """All of the product's code, as words in small letters: `stepLimit` and `step_limit` are "step limit"."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in product_files())
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)).lower()


def terms() -> list[str]:
    """The words of the table, each alone."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.search(r"^\| word \| is \|\n\|[ |-]+\n((?:\|.*\n)+)", page, re.MULTILINE)[1].splitlines()
    cells = [row.split("|")[1].replace("`", "") for row in rows]
    return [term.strip() for cell in cells for term in re.split(r"[,()]", cell) if term.strip()]


def test_every_term_is_in_the_code():
    """A word of the glossary that no name and no text of the code has would be a word of this page only."""
    assert [] == [term for term in terms() if not re.search(rf"\b{term.lower()}", code())]


def test_no_two_classes_share_a_name():
    """Two exported classes have one name only where they are one thing, and then `ONE_THING` says what."""
    shared = {name: files for name, files in exported_classes().items() if len(files) > 1}

    assert {} == {name: files for name, files in shared.items() if name not in ONE_THING}
    assert [] == [name for name in ONE_THING if name not in shared]


def test_no_term_names_two_classes():
    """A word of the glossary is the name of one class at most."""
    names = {term: term.title().replace(" ", "") for term in terms()}

    shared = {term: exported_classes()[name] for term, name in names.items() if name in exported_classes()}

    assert {} == {term: files for term, files in shared.items() if len(files) > 1 and names[term] not in ONE_THING}


def test_no_term_stands_twice():
    """Each word has one meaning on the page."""
    assert sorted(set(terms())) == sorted(terms())
