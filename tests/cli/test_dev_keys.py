"""`stepwell dev` in a terminal: its keys."""

import sys

import pytest
from dev_server import write_nap, write_web
from places import Terminal


@pytest.fixture
def project(place):
    return write_nap(place)


@pytest.fixture
def worker(place):
    return write_web(place)


def test_keys(project, place):
    """Single keys reload, skip a sleep, and quit with exit code 0."""
    terminal = Terminal([sys.executable, "-m", "stepwell", "dev", "--port", "0"], place)
    terminal.read_until("x: quit")
    place.run("workflows", "trigger", "nap", "--id", "a")
    terminal.read_until("nap a: sleep 'nap-1'")

    terminal.press("n")
    terminal.read_until("nap a: complete")
    terminal.press("n")
    terminal.read_until("No instance sleeps.")
    terminal.press("r")
    terminal.read_until("Reloaded.")
    terminal.press("x")

    terminal.read_to_end()


def test_keys_of_handlers(place, worker):
    """Single keys fire the scheduled handler, open the browser and clear the screen."""
    for name in ("xdg-open", "open"):
        place.write(f"programs/{name}", '#!/bin/sh\necho "opens $1"\n').chmod(0o755)
    place.environment["PATH"] = f"{place.folder / 'programs'}:{place.environment['PATH']}"
    terminal = Terminal([sys.executable, "-m", "stepwell", "dev", "--port", "0"], place)
    terminal.read_until("x: quit")

    terminal.press("s")
    terminal.read_until("cron 0 0 1 1 *")
    terminal.press("b")
    terminal.read_until("opens http://localhost:")
    terminal.press("c")
    terminal.read_until("\x1b[H\x1b[2J")
    terminal.read_until("x: quit")
    terminal.press("x")

    terminal.read_to_end()
