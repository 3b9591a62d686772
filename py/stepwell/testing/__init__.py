"""
The test kit: workflows in tests, in virtual time, without a server.

The pytest plugin gives the fixtures `workflows` and `worker`. What a test wants besides it imports from here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepwell.testing.clock import Clock
    from stepwell.testing.crashes import CrashError, CrashReport, check_all_crashes
    from stepwell.testing.determinism import DeterminismWarning
    from stepwell.testing.errors import ModifierError, RemoteError, TestKitError, UnfinishedError, WaitError
    from stepwell.testing.instance_introspector import InstanceIntrospector
    from stepwell.testing.machine import workflow_machine
    from stepwell.testing.modifier import Modifier
    from stepwell.testing.orders import OrderError, OrderReport, check_all_orders
    from stepwell.testing.replays import ReplayError, assert_replays
    from stepwell.testing.worker import Worker
    from stepwell.testing.workflow_introspector import WorkflowIntrospector
    from stepwell.testing.workflows import Workflows

_PLACES = {
    "Clock": "clock",
    "CrashError": "crashes",
    "CrashReport": "crashes",
    "DeterminismWarning": "determinism",
    "InstanceIntrospector": "instance_introspector",
    "Modifier": "modifier",
    "ModifierError": "errors",
    "RemoteError": "errors",
    "TestKitError": "errors",
    "UnfinishedError": "errors",
    "WaitError": "errors",
    "OrderError": "orders",
    "OrderReport": "orders",
    "ReplayError": "replays",
    "Worker": "worker",
    "WorkflowIntrospector": "workflow_introspector",
    "Workflows": "workflows",
    "assert_replays": "replays",
    "check_all_crashes": "crashes",
    "check_all_orders": "orders",
    "workflow_machine": "machine",
}

__all__ = [
    "Clock",
    "CrashError",
    "CrashReport",
    "DeterminismWarning",
    "InstanceIntrospector",
    "Modifier",
    "ModifierError",
    "OrderError",
    "OrderReport",
    "RemoteError",
    "ReplayError",
    "TestKitError",
    "UnfinishedError",
    "WaitError",
    "Worker",
    "WorkflowIntrospector",
    "Workflows",
    "assert_replays",
    "check_all_crashes",
    "check_all_orders",
    "workflow_machine",
]


def __getattr__(name: str) -> object:
    # The pytest plugin is in this package, and is loaded by every run of pytest: it must cost next to nothing.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
