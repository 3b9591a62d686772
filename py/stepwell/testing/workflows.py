"""Workflows in a test: an engine of its own on a database in memory, and a clock that the test moves."""

from __future__ import annotations

import inspect
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.target import CONFIG_NAMES, find_target
from stepwell.testing.clock import Clock
from stepwell.testing.current import current
from stepwell.testing.engine import EngineHandle
from stepwell.testing.errors import TestKitError
from stepwell.testing.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from stepwell.testing.instance_introspector import InstanceIntrospector
    from stepwell.testing.worker import WorkflowName
    from stepwell.testing.workflow_introspector import WorkflowIntrospector


class Workflows:
    """
    Runs workflows. As a context manager it checks at the end that no instance is left running.

    Attributes:
        clock: The time, as the workflows see it.
    """

    def __init__(  # noqa: PLR0913 - what `stepwell run` takes
        self,
        target: str | Path | None = None,
        *,
        folder: Path | None = None,
        start: datetime | None = None,
        runtime: str | None = None,
        python: str | None = None,
        sdk: str | None = None,
    ) -> None:
        """
        Run workflows of *target*, or of the classes that are named later.

        In a test of pytest, its mark and the configuration say what is not given.

        Args:
            target: A file with workflows, or a folder with a wrangler configuration. By default the nearest
                configuration at or above *folder*.
            folder: Where the default target is looked for. By default the folder of the test.
            start: When the clock begins. By default 2026-01-01 00:00 UTC.
            runtime: What runs Python workflows, as `stepwell run --runtime` takes it.
            python: The Python of the runtime cpython.
            sdk: As `stepwell run --sdk` takes it.
        """
        settings = current.settings()
        target = settings.get("target") if target is None else target
        runtime = runtime or settings.get("runtime")
        self._target = None if target is None else str(target)
        self._folder = folder or current.folder or Path.cwd()
        self._options: dict[str, Any] = {"runtime": runtime, "python": python, "sdk": sdk}
        self._engine = EngineHandle(_checked(start or settings.get("start")))
        self._workers: dict[str, Worker] = {}
        self.clock = Clock(self._engine)

    def worker(self, target: str | Path | None = None, *, env: Mapping[str, object] | None = None) -> Worker:
        """
        A project of workflows.

        Args:
            target: A file with workflows, or a folder with a wrangler configuration. By default the one of this object.
            env: Further entries for `env`: values of variables, and objects whose methods answer calls. They come
                before those of the project. From then on the target's workflows run with them, in explorations too.

        Raises:
            InputError: The target cannot be used.
            TestKitError: There is no default target.
        """
        text = str(target) if target is not None else self._default_target()
        if env or text not in self._workers:
            self._workers[text] = Worker(self._engine, find_target(text), variables=env, **self._options)
        return self._workers[text]

    def run(self, workflow: WorkflowName, params: object = None, *, id: str | None = None) -> Any:  # noqa: A002, ANN401
        """
        Run an instance to its end, and give its output.

        Raises:
            Exception: What the instance has failed with.
        """
        return self.start(workflow, params, id=id).result()

    def start(self, workflow: WorkflowName, params: object = None, *, id: str | None = None) -> InstanceIntrospector:  # noqa: A002
        """Create an instance."""
        return self.worker_of(workflow).workflow(workflow).create(id=id, params=params)

    def introspect_workflow(self, workflow: WorkflowName) -> WorkflowIntrospector:
        """Capture the instances of a workflow that are created from now on."""
        return self.worker_of(workflow).introspect_workflow(workflow)

    def introspect_workflow_instance(self, workflow: WorkflowName, id: str) -> InstanceIntrospector:  # noqa: A002 - upstream's name
        """An instance that need not exist yet."""
        return self.worker_of(workflow).introspect_workflow_instance(workflow, id)

    def worker_of(self, workflow: WorkflowName) -> Worker:
        """
        The project of a workflow: that of the default target, or the file of a class.

        Raises:
            TestKitError: The class has no file.
        """
        if isinstance(workflow, str):
            return self.worker()
        if self._target is None:
            try:
                file = inspect.getsourcefile(workflow)
            except TypeError:
                file = None
            if file is None:
                raise TestKitError(f"{workflow.__name__} cannot be run: the file that defines it is not known.")
            return self.worker(file)
        return self.worker()

    def close(self) -> None:
        """
        End, and check what is left.

        Raises:
            ModifierError: A modifier was for a step that has not run.
            UnfinishedError: An instance has not ended.
            ReplayError: An instance is not replayed as it ran.
        """
        self._engine.finish(replay=current.replay).check()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            current.timelines.append(self._engine.timelines())
            self._engine.finish()

    def _default_target(self) -> str:
        if self._target is not None:
            return self._target
        for folder in (self._folder, *self._folder.parents):
            if any((folder / name).is_file() for name in CONFIG_NAMES):
                return str(folder)
        raise TestKitError(
            f"No wrangler configuration was found at or above {self._folder}. Name the target: "
            'stepwell_target = flow.py below [pytest] in pytest.ini, or Workflows("flow.py").'
        )


def _checked(start: object) -> datetime | None:
    if start is None or isinstance(start, datetime):
        return start
    raise TestKitError(f"start is {start!r}; it must be a datetime, such as datetime(2031, 5, 6, tzinfo=UTC).")
