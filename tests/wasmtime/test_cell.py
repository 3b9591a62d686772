"""An attempt that has timed out: it is cut when it keeps the interpreter to itself, and only then."""

from __future__ import annotations

import pytest

STEP = (3, 1)
NO_LIMITS = (1 << 30, None, None, None, None)


@pytest.fixture
def clock(monkeypatch):
    """The time, which only moves by hand. In s."""

    class Clock:
        now = 1000.0

        def passes(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr("time.monotonic", lambda: clock.now)
    return clock


class Owner:
    """Nobody hears of it."""

    def batches(self, cell, texts):
        pass


@pytest.fixture
def cell(host, clock):
    """One whose interpreter runs code outside steps."""
    cell = host("cell").Cell(1, None, None, host("limits").Limits(*NO_LIMITS), Owner())
    cell.meter.enter((0, 0))
    return cell


def test_what_goes_on_after_its_timeout_is_cut(cell, clock):
    cell.meter.switch(STEP)
    clock.passes(60)
    cell.expire(*STEP)
    clock.passes(0.1)
    cell.look()
    clock.passes(0.15)

    with pytest.raises(Exception, match=r"The step went on after its timeout\."):
        cell.look()
    assert cell.broken.name == "Expired"


def test_what_runs_for_a_moment_after_its_timeout_is_not(cell, clock):
    """Its own `finally`, for example: the other steps of the pass would be lost with it."""
    cell.expire(*STEP)
    for _ in range(5):
        cell.meter.switch(STEP)
        clock.passes(0.15)
        cell.look()
        cell.meter.switch((0, 0))
        clock.passes(60)
        cell.look()


def test_what_runs_again_in_each_turn_is_not(cell, clock):
    """It gives the interpreter back after each."""
    cell.expire(*STEP)
    for _ in range(5):
        cell.meter.enter((0, 0))
        cell.meter.switch(STEP)
        clock.passes(0.15)
        cell.look()
        cell.meter.leave()


def test_nobody_else_is_cut(cell, clock):
    """What keeps the interpreter to itself within its time may."""
    cell.expire(*STEP)
    cell.meter.switch((4, 1))
    clock.passes(60)

    cell.look()
