"""`stepwell runs open FILE --fork STEP`: run on from a step of a recorded run."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell import run_files
from stepwell.exceptions import InputError
from stepwell.names import check_instance_id
from stepwell.params import parse_json
from stepwell.run import RunCommand
from stepwell.run_request import RunRequest
from stepwell.state import state_path
from stepwell.target import find_target, no_workflow_class

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.client import Client
    from stepwell.models import RecordedStep, RunFile
    from stepwell.responses import Deployed


@dataclass(frozen=True, slots=True)
class ForkRequest:
    """What is asked for, as it was given."""

    file: Path
    step: str
    step_type: str | None
    result: str | None
    params: str | None
    instance_id: str | None
    code: str | None
    trusted: bool
    """Whether the code of the file runs with the user's rights, and not in the sandbox."""


def run_fork(fork: ForkRequest, *, state: Path | None, as_json: bool, quiet: bool) -> int:
    """
    Make the instance and run it to its end.

    Returns:
        The exit code.
    """
    run = run_files.describe(fork.file)
    step = find_step(run, fork.step, fork.step_type)
    body: dict[str, object] = {
        "file": str(fork.file.absolute()),
        "from": {"name": step.name, "count": step.count, "type": step.type},
    }
    if fork.result is not None:
        if step.type == "sleep":
            raise InputError(f"Step {fork.step!r} is a sleep: it has no result to change.")
        body["results"] = {f"{step.name}-{step.count}": parse_json(fork.result, "--result")}
    if fork.params is not None:
        body["params"] = parse_json(fork.params, "--params")
    if fork.instance_id is not None:
        check_instance_id(fork.instance_id)
    instance_id = fork.instance_id or str(uuid.uuid4())
    path = state_path(state, create=True)
    folder = path.parent / "runs" / instance_id
    if fork.code is None:
        runtime = run_files.runtime_of(fork.file, run.main, trusted=fork.trusted)
        target = write_project(run, fork.file, folder, str(runtime["name"]))
    else:
        target = fork.code
    request = RunRequest(
        target=find_target(target),
        workflow=None,
        params={},
        has_params=False,
        given_id=fork.instance_id,
        instance_id=instance_id,
        state=path,
        given_state=state,
        as_json=as_json,
        quiet=quiet,
    )
    return ForkCommand(request, run, {**body, "instance_id": instance_id}, None if fork.code else folder).execute()


def find_step(run: RunFile, text: str, step_type: str | None) -> RecordedStep:
    """
    The step of *run* that *text* names: ``NAME-COUNT``, or ``NAME`` for the first of that name.

    Raises:
        InputError: It is missing.
    """
    steps = [step for step in run.steps if step_type in (None, step.type)]
    found = [step for step in steps if f"{step.name}-{step.count}" == text]
    found = found or [step for step in steps if step.name == text]
    if not found:
        known = ", ".join(f"{step.name}-{step.count}" for step in steps) or "none"
        raise InputError(f"The run has no step {text!r}. It has: {known}.")
    return found[0]


def write_project(run: RunFile, file: Path, folder: Path, runtime: str) -> str:
    """
    Write the code of the run below *folder*, where it stays as long as the instance may need it.

    Its *runtime* is written beside it, so that whatever continues the instance uses the same one.

    Returns:
        It as a target of `stepwell run`.
    """
    if folder.exists():
        raise InputError(f"The code of another fork is in {str(folder)!r}. Give another --id, or remove it.")
    folder.mkdir(parents=True)
    try:
        main = run_files.extract(file, folder)
    except InputError:
        shutil.rmtree(folder)
        raise
    if runtime == run_files.SANDBOX:
        (folder / "pyproject.toml").write_text(f'[tool.stepwell]\nruntime = "{runtime}"\n', encoding="utf-8")
    if run.bindings is None and run.workflow == run.class_name and not run.vars and run.step_limit is None:
        return str(main)
    bindings = {name: each for name, each in (run.bindings or {}).items() if each != run.workflow}
    own = next((name for name, each in (run.bindings or {}).items() if each == run.workflow), "WORKFLOW")
    limits = {} if run.step_limit is None else {"limits": {"steps": run.step_limit}}
    config = {
        "name": "fork",
        "main": str(main.relative_to(folder)),
        "vars": run.vars,
        "workflows": [
            {"binding": own, "name": run.workflow, "class_name": run.class_name, **limits},
            # They are only called from here.
            *(
                {"binding": name, "name": each, "class_name": each, "script_name": "elsewhere"}
                for name, each in bindings.items()
            ),
        ],
    }
    (folder / "wrangler.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return str(folder)


class ForkCommand(RunCommand):
    """A run whose instance begins with part of another's history."""

    def __init__(self, request: RunRequest, run: RunFile, body: dict[str, object], code: Path | None) -> None:
        super().__init__(request)
        self._code = code
        self._run = run
        self._body = body

    def _create(self, client: Client) -> None:
        client.fork(self._name, self._body)

    def _continue(self, client: Client) -> None:  # noqa: ARG002 - the base class needs it
        if self._code is not None:
            shutil.rmtree(self._code)
        raise InputError(f"Instance {self._request.instance_id!r} of {self._name} already exists. Choose another --id.")

    def _choose(self, deployed: Deployed) -> str:
        names = {workflow.class_name: workflow.name for workflow in deployed.workflows}
        if self._run.workflow in names.values():
            return self._run.workflow
        wanted = self._request.target.class_name or self._run.class_name
        if wanted not in names:
            raise no_workflow_class(self._request.target, wanted, list(names))
        return names[wanted]
