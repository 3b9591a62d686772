"""`stepwell graph`: the steps of a workflow as a picture, read from its source."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from stepwell.exceptions import InputError, InternalError
from stepwell.host_process import host_root
from stepwell.node import find_node
from stepwell.project_loader import load_project
from stepwell.streams import takes_unicode
from stepwell.target import find_target

FORMATS = ("text", "svg", "mermaid", "json")
UNCUT_WIDTH = 10_000
"""Characters of a line where no terminal limits it."""


@click.command(short_help="Draw the steps of a workflow from its source.")
@click.argument("target", metavar="TARGET")
@click.option("--workflow", "class_name", metavar="CLASS", help="The workflow's class, where TARGET has several.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="A tree for terminals, a picture, a Mermaid flowchart, or the JSON of Cloudflare's versions/{id}/graph.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file.  [default: standard output]",
)
def graph(target: str, class_name: str | None, format_: str, output: Path | None) -> None:
    """
    Draw the steps of a workflow from its source: loops, branches, and what runs at the same time.

    TARGET is a file (FILE or FILE:CLASS), or a folder with a wrangler configuration. The code is not run. What only a
    run can tell, such as a name that is computed, is shown as ${...} or as a dynamic call.

    \b
    stepwell graph order.py
    stepwell graph order.py:OrderWorkflow --format svg -o order.svg
    """  # noqa: D301 - click's sign for lines that are kept
    main, name, configured = _choose(target, class_name)
    found = _graph_of(main, name, configured)
    if format_ == "json":
        escaped = output is None and not takes_unicode(sys.stdout)
        text = json.dumps(found, indent=2, ensure_ascii=escaped) + "\n"
    else:
        text = _draw(found, format_)
    if output is None:
        # Characters that the terminal's encoding lacks must not end the command.
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{str(output)!r} cannot be written: {error.strerror}.") from error


def _choose(text: str, class_name: str | None) -> tuple[Path, str | None, list[str]]:
    """The main file of a target, the class that is chosen, and the classes that a configuration names."""
    target = find_target(text)
    if target.class_name is not None and class_name not in (None, target.class_name):
        raise InputError(f"TARGET names the class {target.class_name}, and --workflow names {class_name}.")
    project = load_project(target)
    return project.main, target.class_name or class_name, [each.class_name for each in project.workflows]


def _graph_of(main: Path, name: str | None, configured: list[str]) -> dict[str, Any]:
    """
    The graph of a workflow in *main*.

    Raises:
        InputError: The file cannot be read, or it does not have the workflow.
    """
    if name is None and len(configured) == 1:
        name = configured[0]
    request = {"root": str(main.parent), "main": main.name, **({} if name is None else {"className": name})}
    answer = json.loads(_read(main, json.dumps(request)))
    if error := answer.get("error"):
        raise InputError(f"{main.parent / error['file']}:{error['line']}:{error['column']}: {error['message']}.")
    classes: list[str] = configured or answer["classes"]
    if not classes and name is None:
        raise InputError(f"{main} has no workflow: no class that derives from WorkflowEntrypoint.")
    if answer["graph"] is None:
        raise InputError(
            f"{main} has {len(classes)} workflows: {', '.join(classes)}. Choose one: TARGET:{classes[0]} for a file, "
            f"or --workflow {classes[0]}."
        )
    result: dict[str, Any] = answer["graph"]
    nodes = result["workflow"]["nodes"]
    if nodes and (problem := nodes[0].get("error")):
        hint = f" Workflows: {', '.join(answer['classes'])}." if answer["classes"] else ""
        raise InputError(f"{main.parent / problem['file']}:{problem['line']}: {problem['message']}.{hint}")
    return result


def _read(main: Path, request: str) -> str:
    """Read a source in a process of its own, as the host does."""
    if main.suffix == ".py":
        return _run([sys.executable, "-I", os.fspath(host_root() / "py" / "workflow_graph")], request, main)
    return _run_node(request, main)


def _draw(graph: dict[str, Any], format_: str) -> str:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else UNCUT_WIDTH
    return _run_node(json.dumps({"graph": graph, "format": format_, "width": width}), None)


def _run_node(request: str, main: Path | None) -> str:
    script = os.fspath(host_root() / "js" / "graph" / "main.js")
    return _run([os.fspath(find_node().path), "--no-warnings", script], request, main)


def _run(command: list[str], request: str, main: Path | None) -> str:
    done = subprocess.run(  # noqa: S603 - our own scripts
        command, input=request.encode(), capture_output=True, check=False
    )
    if done.returncode == 0:
        return done.stdout.decode()
    if main is not None and done.returncode < 0:
        raise InputError(f"{main}:1: The source is too complex to be read.")
    raise InternalError(f"{Path(command[-1]).name} failed with {done.returncode}:\n{done.stderr.decode()}")
