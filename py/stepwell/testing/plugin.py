"""
The pytest plugin.

Every run of pytest loads this file, also of suites without workflows, so it imports nothing of the test kit before a
test asks for it.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

import pytest

from stepwell.testing.current import current

if TYPE_CHECKING:
    from collections.abc import Generator

    from stepwell.testing.async_client import AsyncClient
    from stepwell.testing.worker import Worker
    from stepwell.testing.workflows import Workflows

_OPTIONS = ("target", "runtime", "start", "replay")
_PACKAGE_FOLDERS = ("python_modules", "python_modules-*", "*.python_modules", "*.python_modules-*")
_MARK = (
    "stepwell(target=None, runtime=None, start=None, replay=True): how the fixtures `workflows` and `worker` of a test "
    "run workflows"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the plugin can be told."""
    group = parser.getgroup("stepwell")
    group.addoption("--stepwell-seed", metavar="SEED", help="Run the one case that a failed exploration has named.")
    parser.addini(
        "stepwell_target", "The file or the folder whose workflows are tested, relative to the root.", default=""
    )
    parser.addini("stepwell_runtime", "What runs Python workflows in tests: pyodide, cpython or wasmtime.", default="")
    parser.addini("stepwell_replay", "Replay every instance that a test has run to its end.", type="bool", default=True)


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark, leave out the guest's packages, and let tests import workflow classes."""
    config.addinivalue_line("markers", _MARK)
    # A package with a file `test_*.py` would put its folder on sys.path, where the guest's packages hide pytest's own.
    for pattern in _PACKAGE_FOLDERS:
        config.addinivalue_line("norecursedirs", pattern)
    sys.meta_path.insert(0, _GuestPackages())


class _GuestPackages:
    """Makes the guest's packages importable when something asks for the first of them, and not before."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:  # noqa: ANN401 - a spec
        # Nothing is loaded here that a suite without workflows does not need.
        if name not in {"workers", "_workflows_bridge"}:
            return None
        from stepwell.testing.guest_packages import GuestPackages  # noqa: PLC0415 - see the module

        return GuestPackages().find_spec(name)


@pytest.fixture
def workflows(request: pytest.FixtureRequest) -> Workflows:
    """Workflows in virtual time, with an engine of this test's own."""
    from stepwell.testing.workflows import Workflows  # noqa: PLC0415 - see the module

    return Workflows(folder=request.path.parent)


@pytest.fixture
def worker(workflows: Workflows) -> Worker:
    """The project that the test is in: its workflows by the names of their bindings."""
    return workflows.worker()


@pytest.fixture
def async_workflows(workflows: Workflows) -> AsyncClient:
    """The fixture `workflows` for asynchronous tests: its methods are awaited."""
    from stepwell.testing.async_client import AsyncClient  # noqa: PLC0415 - see the module

    return AsyncClient(workflows)


@pytest.fixture
def async_worker(worker: Worker) -> AsyncClient:
    """The fixture `worker` for asynchronous tests: its methods are awaited."""
    from stepwell.testing.async_client import AsyncClient  # noqa: PLC0415 - see the module

    return AsyncClient(worker)


def _settings(item: pytest.Item) -> dict[str, Any]:
    config = item.config
    target = config.getini("stepwell_target")
    settings: dict[str, Any] = {
        "target": config.rootpath / target if target else None,
        "runtime": config.getini("stepwell_runtime") or None,
    }
    mark = item.get_closest_marker("stepwell")
    if mark is None:
        return settings
    if mark.args or mark.kwargs.keys() - set(_OPTIONS):
        raise pytest.UsageError(f"The mark is {_MARK.partition(':')[0]}.")
    given = {key: value for key, value in mark.kwargs.items() if key != "replay"}
    if "target" in given:
        given["target"] = item.path.parent / given["target"]
    return {**settings, **given}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Say which test runs, to what may want to know it."""
    mark = item.get_closest_marker("stepwell")
    replay = item.config.getini("stepwell_replay") if mark is None else mark.kwargs.get("replay", True)
    seed = item.config.getoption("--stepwell-seed")
    settings = functools.partial(_settings, item)
    current.begin(item.path.parent, item.nodeid, seed, replay=bool(replay), settings=settings)
    try:
        return (yield)
    finally:
        current.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Close the engines of a test when it ends. What it has left behind fails it."""
    try:
        result = yield
    except BaseException:
        _show_timelines(item)
        _finish()
        raise
    problems = _finish(replay=current.replay)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ExceptionGroup("The test has left something behind.", problems)
    return result


def _show_timelines(item: pytest.Item) -> None:
    engine = sys.modules.get("stepwell.testing.engine")
    if engine and (text := engine.all_timelines()):
        item.add_report_section("call", "workflows", text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, Any, Any]:
    """Close the engines that the teardown of a fixture has opened: the next test begins with none."""
    try:
        return (yield)
    finally:
        _finish()


def _finish(*, replay: bool = False) -> list[Any]:
    engine = sys.modules.get("stepwell.testing.engine")
    return engine.finish_all(replay=replay) if engine else []


def pytest_unconfigure() -> None:
    """End the host process, if there is one."""
    if host := sys.modules.get("stepwell.testing.host_link"):
        host.HostLink.close_current()
