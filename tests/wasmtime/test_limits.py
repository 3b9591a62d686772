"""Whose processor time is counted, and against what."""

from __future__ import annotations

import pytest

from .conftest import load_host_module

limits = load_host_module("limits")

STEP = (1, 1)


@pytest.fixture
def clock(monkeypatch):
    """The thread's processor time, which only moves by hand. In ms."""

    class Clock:
        now = 0

        def use(self, ms):
            self.now += ms

    clock = Clock()
    monkeypatch.setattr(limits.time, "thread_time_ns", lambda: clock.now * 1_000_000)
    return clock


@pytest.fixture
def meter():
    return limits.Meter(limits.Limits(memory=1, step_cpu=100, run_cpu=100, pass_cpu=None, pass_wall=None))


def test_start_is_not_what_run_has_used(meter, clock):
    """However slow the machine is: what `run()` may use is its own."""
    meter.enter(limits.STARTING)
    clock.use(90)
    meter.leave()
    meter.enter(limits.OUTSIDE)
    clock.use(90)

    meter.check()


def test_import_that_uses_too_much(meter, clock):
    """It has a limit, too, and is called by its name."""
    meter.enter(limits.STARTING)
    clock.use(101)

    with pytest.raises(limits.LimitReached, match=r"The import of the workflow has used more than 0\.1 s"):
        meter.check()


def test_step_is_not_what_run_has_used(meter, clock):
    """Each attempt of a step has an account of its own."""
    meter.enter(limits.OUTSIDE)
    clock.use(60)
    meter.switch(STEP)
    clock.use(60)
    meter.switch(limits.OUTSIDE)
    meter.check()

    assert [(1, 1, 60.0)] == [used[:3] for used in meter.take_used()]


def test_used_is_told_once(meter, clock):
    """What has not run since is not told again, however many steps there have been."""
    meter.enter(STEP)
    clock.use(10)
    meter.switch(limits.OUTSIDE)
    meter.take_used()
    clock.use(10)
    meter.leave()

    assert [] == meter.take_used()


def test_memory_is_that_of_the_step_that_took_it(meter, monkeypatch):
    """Pages that the kernel gave while a step ran are the step's."""
    pages = 100
    monkeypatch.setattr(limits, "_faults", lambda: pages)
    meter.enter(limits.OUTSIDE)
    pages += 5
    meter.switch(STEP)
    pages += 7
    meter.switch(limits.OUTSIDE)
    pages += 1
    meter.leave()

    assert [7 * limits._page] == [used[3] for used in meter.take_used()]  # noqa: SLF001


def test_memory_of_a_platform_that_does_not_say(meter, monkeypatch):
    """Nothing is made up."""
    monkeypatch.setattr(limits, "_faults", None)
    meter.enter(STEP)
    meter.leave()

    assert [None] == [used[3] for used in meter.take_used()]


def test_waiting_costs_nothing(meter, clock):
    """Time in which the thread runs others is nobody's."""
    meter.enter(limits.OUTSIDE)
    meter.leave()
    clock.use(1000)
    meter.enter(limits.OUTSIDE)

    meter.check()
