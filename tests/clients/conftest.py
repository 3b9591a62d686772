"""Fixtures of the tests with real clients."""

import pytest
from real_clients import Server


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.close()
