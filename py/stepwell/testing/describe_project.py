"""
Prints a project as the test kit's host takes it: ``python -m stepwell.testing.describe_project``.

Tests in JavaScript ask for it. Standard input is a JSON object: ``config`` is the path of a configuration, ``main``
that of a single file, and ``inline`` a configuration as a value, whose paths are relative to ``root``; ``env`` names
the configuration's environment. A mistake of the user's is written to standard error, and the exit code says so.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from stepwell.config.document import Document, read_document
from stepwell.exceptions import InputError
from stepwell.exit_codes import USAGE
from stepwell.node import host_environment
from stepwell.project import Project
from stepwell.runtimes import choose_runtime
from stepwell.testing.codec import encode
from stepwell.wrangler import to_project


def describe_project(request: dict[str, Any]) -> dict[str, Any]:
    """
    The project that a test asks for.

    Raises:
        InputError: It cannot be used.
    """
    project = _read(request)
    runtime = {**choose_runtime(project.main), "checks": True}
    deployment = {**project.deployment(runtime), "varsText": encode(project.env, "vars")}
    environment = host_environment()
    return {
        "deployment": deployment,
        "name": project.script_name,
        "bindings": project.bindings,
        "warnings": project.warnings,
        "environment": {
            "STEPWELL_CACHE": environment["STEPWELL_CACHE"],
            "NODE_COMPILE_CACHE": environment["NODE_COMPILE_CACHE"],
            "STEPWELL_HOST_PYTHON": sys.executable,
        },
    }


def _read(request: dict[str, Any]) -> Project:
    if main := request.get("main"):
        return Project(main=Path(main).resolve())
    if (inline := request.get("inline")) is not None:
        path = Path(request["root"]) / "wrangler.json"
        document = Document(path, json.dumps(inline, indent=2), inline)
    else:
        document = read_document(Path(request["config"]))
    return to_project(document, request.get("env"))


def main() -> None:
    """Answer the request of standard input."""
    try:
        sys.stdout.write(json.dumps(describe_project(json.load(sys.stdin))))
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(USAGE)


if __name__ == "__main__":
    main()
