"""A project in a test: its workflows by the names of their bindings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from stepwell.names import binding_name
from stepwell.project_loader import load_project
from stepwell.runtimes import Warm, choose_runtime
from stepwell.suggestions import meant, similar
from stepwell.testing.codec import encode
from stepwell.testing.doubles import is_variable
from stepwell.testing.errors import TestKitError
from stepwell.testing.handlers import TestResponse, to_request, to_response
from stepwell.testing.host_link import HostLink
from stepwell.testing.instance_introspector import InstanceIntrospector
from stepwell.testing.workflow_introspector import WorkflowIntrospector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from stepwell.project import Project
    from stepwell.target import Target
    from stepwell.testing.engine import EngineHandle

    WorkflowName = str | type
    """A binding, a workflow or a class: by name, or the class itself."""


_DOUBLE = {"kind": "host", "type": "double"}
"""An entry of `env` whose calls the test process answers."""


class WorkflowBinding:
    """A workflow, as `env` has it: creates and finds its instances."""

    def __init__(self, engine: EngineHandle, workflow: str) -> None:
        self._engine = engine
        self.workflow = workflow

    def __repr__(self) -> str:
        return f"<WorkflowBinding {self.workflow!r}>"

    def create(self, *, id: str | None = None, params: object = None) -> InstanceIntrospector:  # noqa: A002 - upstream's name
        """Create an instance, and let happen all that needs no time to pass."""
        fields: dict[str, object] = {} if id is None else {"id": id}
        if params is not None:
            fields["params"] = encode(params, "params")
        created = self._engine.call("create", workflow=self.workflow, **fields)
        return InstanceIntrospector(self._engine, self.workflow, created["id"])

    def create_batch(self, batch: Iterable[Mapping[str, Any]]) -> list[InstanceIntrospector]:
        """Create several instances: *batch* has the arguments of `create` for each."""
        return [self.create(**each) for each in batch]

    def get(self, id: str) -> InstanceIntrospector:  # noqa: A002 - upstream's name
        """
        Find an instance.

        Raises:
            TestKitError: No instance has that id.
        """
        self._engine.call("get", workflow=self.workflow, id=id)
        return InstanceIntrospector(self._engine, self.workflow, id)


class Bindings:
    """The bindings of a project as attributes."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __getattr__(self, name: str) -> WorkflowBinding:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._worker.workflow(name)

    def __dir__(self) -> list[str]:
        return sorted(self._worker.bindings)


class Worker:
    """
    A project whose workflows a test runs.

    Attributes:
        env: The bindings, such as ``worker.env.ORDERS.create(params=...)``.
        bindings: Names of workflows, by the names of their bindings.
        engine: The engine that runs them.
    """

    def __init__(  # noqa: PLR0913 - what `stepwell run` takes
        self,
        engine: EngineHandle,
        target: Target,
        *,
        runtime: str | None = None,
        python: str | None = None,
        sdk: str | None = None,
        variables: Mapping[str, object] | None = None,
    ) -> None:
        self.engine = engine
        self._target = target
        self._project: Project = load_project(target)
        chosen = choose_runtime(self._project.main, runtime, python, sdk)
        # A sandbox has the modules that it was built with, and none that watches code.
        self._runtime = {**chosen, "checks": chosen["name"] != "wasmtime"}
        given = dict(variables or {})
        self._variables = {name: entry for name, entry in given.items() if is_variable(entry)}
        self._doubles = {name: entry for name, entry in given.items() if not is_variable(entry)}
        self.bindings: dict[str, str] = {}
        self._classes: dict[str, str] = {}
        self.env = Bindings(self)
        engine.root = self._project.main.parent
        engine.warm = Warm(self._project.main, self._runtime)
        engine.on_open(self._deploy)

    def __repr__(self) -> str:
        return f"<Worker {self._target.text!r}>"

    def deploy(self) -> None:
        """Load the code again if it has changed. Passes that run keep the code that they began with."""
        self._deploy()

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | str | None = None,
        json: object = None,
    ) -> TestResponse:
        """
        Send a request to the `fetch` handler of the project, and let happen all that needs no time to pass.

        Args:
            url: The address; its path alone stands for one of this machine.
            method: The method.
            headers: Headers.
            body: The body.
            json: The body as a value that is sent as JSON.

        Raises:
            TestKitError: The handler has raised, or is missing.
        """
        request = to_request(url, method, headers, body, json)
        return to_response(self.engine.call("fetch", deployment=self._handled(), request=request))

    def scheduled(self, cron: str = "* * * * *", time: datetime | None = None) -> dict[str, Any]:
        """Call the `scheduled` handler of the project. Gives its outcome."""
        at = self.engine.call("now")["now"] if time is None else time.timestamp() * 1000
        event = {"cron": cron, "scheduledTime": at}
        outcome: dict[str, Any] = self.engine.call("scheduled", deployment=self._handled(), event=event)
        return outcome

    def queue(self, queue: str, bodies: Iterable[object]) -> dict[str, Any]:
        """Give the `queue` handler of the project a batch. Gives what it has acknowledged and what is to be retried."""
        now = self.engine.call("now")["now"]
        messages = [
            {"id": f"message-{number}", "timestamp": now, "attempts": 1, "body": encode(body, "a message")}
            for number, body in enumerate(bodies, 1)
        ]
        batch = {"queue": queue, "messages": messages}
        outcome: dict[str, Any] = self.engine.call("queue", deployment=self._handled(), batch=batch)
        return outcome

    def _handled(self) -> dict[str, object]:
        return {**self.deployment(), "workflows": None}

    def deploy_version(self, main: str | Path) -> None:
        """Let the workflows run the code of another main file from now on, under the names that they have."""
        deployment = {**self.deployment(), "root": str(Path(main).resolve().parent), "main": str(Path(main).resolve())}
        workflows = [{"name": name, "class_name": class_name} for class_name, name in self._classes.items()]
        self.engine.call("deploy", deployment={**deployment, "workflows": None}, workflows=workflows)

    def workflow(self, workflow: WorkflowName) -> WorkflowBinding:
        """
        A workflow by the name of its binding, its own name, or its class.

        Raises:
            TestKitError: The project has no such workflow.
        """
        return WorkflowBinding(self.engine, self.find(workflow))

    def introspect_workflow(self, workflow: WorkflowName) -> WorkflowIntrospector:
        """Capture the instances of a workflow that are created from now on."""
        return WorkflowIntrospector(self.engine, self.find(workflow))

    def introspect_workflow_instance(self, workflow: WorkflowName, id: str) -> InstanceIntrospector:  # noqa: A002 - upstream's name
        """An instance that need not exist yet."""
        return InstanceIntrospector(self.engine, self.find(workflow), id)

    def find(self, workflow: WorkflowName) -> str:
        """
        The name of a workflow.

        Raises:
            TestKitError: The project has no such workflow.
        """
        name = workflow if isinstance(workflow, str) else workflow.__name__
        if isinstance(workflow, str) and name in self.bindings:
            return self.bindings[name]
        if name in self._classes:
            return self._classes[name]
        if isinstance(workflow, str) and name in self._classes.values():
            return name
        known = sorted({*self.bindings, *self._classes})
        raise TestKitError(
            f"{self._target.text} has no workflow {name!r}.{meant(similar(name, known))} It has: "
            f"{', '.join(known) or 'none'}."
        )

    @property
    def main(self) -> Path:
        """The main file."""
        return self._project.main

    @property
    def root(self) -> Path:
        """The folder of the main file."""
        return self.main.parent

    def class_of(self, workflow: str) -> str:
        """The name of the class of a workflow."""
        return next(name for name, found in self._classes.items() if found == workflow)

    def deployment(self) -> dict[str, object]:
        """The project as the host takes it."""
        deployment = self._project.deployment(self._runtime)
        variables = {**self._project.env, **self._variables}
        env = {**cast("dict[str, object]", deployment.get("env") or {}), **dict.fromkeys(self._doubles, _DOUBLE)}
        return {**deployment, "vars": variables, "varsText": encode(variables, "vars"), "env": env or None}

    def _deploy(self) -> None:
        deployment = self.deployment()
        for name, double in self._doubles.items():
            HostLink.current(self.engine.warm).doubles[str(self._project.main), name] = double
        workflows = deployment.pop("workflows")
        deployed = self.engine.call("deploy", deployment=deployment, workflows=workflows)
        self._classes = {each["class_name"]: each["name"] for each in deployed}
        own = {binding_name(each["class_name"]): each["name"] for each in deployed}
        self.bindings = self._project.bindings or own
