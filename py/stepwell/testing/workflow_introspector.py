"""All instances of a workflow that are created while a test looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.testing.errors import TestKitError
from stepwell.testing.instance_introspector import InstanceIntrospector
from stepwell.testing.modifier import Modifier

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from stepwell.testing.engine import EngineHandle


class WorkflowIntrospector:
    """
    Captures the instances of a workflow that are created from now on. A workflow has one at a time.

    As a context manager it disposes of them at the end.

    Attributes:
        workflow: The name of the workflow.
        modifier: Changes all further instances; see `Modifier`.
    """

    def __init__(self, engine: EngineHandle, workflow: str) -> None:
        self._engine = engine
        self.workflow = workflow
        self.modifier = Modifier(engine, workflow, None)
        self._known = self._ids()
        if workflow in engine.introspected:
            raise TestKitError(
                f"Workflow {workflow!r} is introspected already. "
                "Dispose of that introspector before you make another one."
            )
        engine.introspected.add(workflow)
        self._is_disposed = False

    def __repr__(self) -> str:
        return f"<WorkflowIntrospector of {self.workflow!r}>"

    def modify_all(self, change: Callable[[Modifier], object]) -> Self:
        """
        Call *change* with a modifier of all further instances.

        Raises:
            TestKitError: The introspector was disposed of.
        """
        self._check_active()
        change(self.modifier)
        return self

    def get(self) -> list[InstanceIntrospector]:
        """
        The instances that have been created since, the first one first.

        Raises:
            TestKitError: The introspector was disposed of.
        """
        self._check_active()
        return self._captured()

    def _captured(self) -> list[InstanceIntrospector]:
        known = set(self._known)
        return [InstanceIntrospector(self._engine, self.workflow, each) for each in self._ids() if each not in known]

    def dispose(self) -> None:
        """End and delete the captured instances, and change no further ones."""
        if self._is_disposed or not self._engine.is_open:
            return
        self._is_disposed = True
        self._engine.introspected.discard(self.workflow)
        self._engine.call("modifyNoMore", workflow=self.workflow)
        for instance in self._captured():
            instance.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()

    def _check_active(self) -> None:
        if self._is_disposed:
            raise TestKitError(f"The introspector of workflow {self.workflow!r} was disposed of.")

    def _ids(self) -> list[str]:
        return [each["id"] for each in self._engine.call("list", workflow=self.workflow)]
