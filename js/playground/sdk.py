"""
Write page/editor/sdk.json: what the editor offers of the SDK, from the SDK's own names, signatures and docstrings.

    python js/playground/sdk.py

It reads the source and imports nothing, so any Python will do. A test holds that sdk.json is what this gives.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKERS = ROOT / "py" / "workers"
TARGET = Path(__file__).parent / "page" / "editor" / "sdk.json"


def main() -> None:
    """Write the file, or with ``--check`` say whether it is up to date."""
    text = json.dumps(vocabulary(), indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        sys.exit(0 if TARGET.read_text("utf-8") == text else f"{TARGET} is not up to date: run {__file__}")
    TARGET.write_text(text, "utf-8")


def vocabulary() -> dict[str, object]:
    """Everything the editor knows: names of the modules, methods of `step` and of bindings, keys of dictionaries."""
    public = exported(WORKERS / "__init__.py")
    errors = exported(WORKERS / "workflows.py")
    found = definitions()
    return {
        "workers": [entry(name, found.get(name)) for name in public],
        "workers.workflows": [entry(name, found.get(name)) for name in errors],
        "step": methods(found["WorkflowStep"]),
        "binding": methods(found["Workflow"]),
        "instance": methods(found["WorkflowInstance"]),
        "keys": {
            "config": keys(found["StepConfig"]),
            "retries": keys(found["RetryConfig"]),
            "rollback_config": keys(found["RollbackConfig"]),
        },
    }


def exported(path: Path) -> list[str]:
    """The names of a module's ``__all__``."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    raise SystemExit(f"{path} has no __all__.")


def definitions() -> dict[str, ast.stmt]:
    """Classes and functions of the SDK, by name."""
    found: dict[str, ast.stmt] = {}
    for path in sorted(WORKERS.glob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault(node.name, node)
    return found


def entry(name: str, node: ast.stmt | None) -> dict[str, object]:
    """What is told of one name."""
    if isinstance(node, ast.ClassDef):
        return {"name": name, "type": "class", "signature": name, "doc": ast.get_docstring(node) or ""}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return function(node)
    return {"name": name, "type": "variable", "signature": name, "doc": ""}


def methods(node: ast.stmt) -> list[dict[str, object]]:
    """The public methods of a class."""
    body = node.body if isinstance(node, ast.ClassDef) else []
    return [
        function(each)
        for each in body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_")
    ]


def function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, object]:
    """A function's signature, docstring and the parameters that are given by name."""
    given = node.args
    named = [arg for arg in [*given.args, *given.kwonlyargs] if arg.arg != "self"]
    told = arguments_section(ast.get_docstring(node) or "")
    is_property = any(ast.unparse(each) == "property" for each in node.decorator_list)
    if given.kwarg and given.kwarg.annotation and ast.unparse(given.kwarg.annotation) == "Never":
        # It is there to refuse names, so it is nothing to offer.
        given.kwarg = None
    arguments = ast.unparse(given).removeprefix("self").removeprefix(", ")
    return {
        "name": node.name,
        "type": "property" if is_property else "method",
        "signature": node.name if is_property else f"{node.name}({arguments})",
        "doc": ast.get_docstring(node) or "",
        "parameters": [
            {
                "name": arg.arg,
                "type": ast.unparse(arg.annotation) if arg.annotation else "",
                "doc": told.get(arg.arg, ""),
            }
            for arg in named
        ],
    }


def arguments_section(doc: str) -> dict[str, str]:
    """What a docstring's Args section says of each parameter."""
    _, _, section = doc.partition("Args:\n")
    told: dict[str, str] = {}
    name = None
    for line in section.splitlines():
        if not line.startswith("    "):
            break
        if not line.startswith("     ") and ": " in line:
            name, _, text = line.strip().partition(": ")
            told[name] = text
        elif name is not None:
            told[name] += " " + line.strip()
    return told


def keys(node: ast.stmt) -> list[dict[str, str]]:
    """The keys of a TypedDict."""
    body = node.body if isinstance(node, ast.ClassDef) else []
    return [
        {"name": ast.unparse(each.target), "type": ast.unparse(each.annotation)}
        for each in body
        if isinstance(each, ast.AnnAssign)
    ]


if __name__ == "__main__":
    main()
