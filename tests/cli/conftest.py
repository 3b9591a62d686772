"""Fixtures of the command line's tests."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from dev_server import Dev, HeldServer
from places import APPROVAL, ORDER, Place
from wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.dispose()


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose state has three finished instances, made once."""
    place = Place(tmp_path_factory.mktemp("finished"))
    place.write("order.py", ORDER)
    for id_ in ("a", "b", "c"):
        assert 0 == place.run("run", "order.py", "-q", "--id", id_).code
    return place.folder


@pytest.fixture
def finished(place: Place, finished_folder: Path) -> Place:
    """A copy of it, without an owner. A state moves with its folder."""
    shutil.copytree(finished_folder, place.folder, dirs_exist_ok=True)
    return place


@pytest.fixture(scope="session")
def served(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A copy of it whose host runs, so that no command has to start one. Tests that change nothing share it."""
    place = Place(tmp_path_factory.mktemp("served"))
    shutil.copytree(finished_folder, place.folder, dirs_exist_ok=True)
    place.start("serve", "order.py").read_until("Serving")
    yield place
    place.dispose()


@pytest.fixture
def order(place: Place) -> Path:
    """A workflow of two steps."""
    return place.write("order.py", ORDER)


@pytest.fixture
def approval(place: Place) -> Path:
    """A workflow that waits for an event."""
    return place.write("approval.py", APPROVAL)


@pytest.fixture(scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of Stepwell's apart from the user's, which tests may damage. Its snapshot is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What uv remembers of the interpreter, which takes a second to ask."""
    return tmp_path_factory.mktemp("uv")


@pytest.fixture
def index(place: Place, tmp_path_factory: pytest.TempPathFactory, uv_cache: Path) -> Path:
    """All that can be installed; no network is needed."""
    folder = tmp_path_factory.mktemp("index")
    kept = {key: value for key, value in place.environment.items() if not key.startswith(("UV_", "PIP_"))}
    place.environment = {
        **kept,
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(folder),
        "UV_CACHE_DIR": str(uv_cache),
        "UV_OFFLINE": "1",
    }
    make_wheel(folder, "greeting", "1.0")
    return folder


@pytest.fixture
def dev(place: Place) -> Iterator[Callable[..., Dev]]:
    """Starts development servers, which end with the test."""
    started = []

    def start(*arguments: str) -> Dev:
        started.append(Dev(place, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.dispose()


@pytest.fixture
def held() -> Iterator[HeldServer]:
    """A server that holds requests of /runs until it is released."""
    server = HeldServer()
    yield server
    server.close()
