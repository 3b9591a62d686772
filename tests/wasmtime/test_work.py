"""The threads that run instances: who has nothing to do reads what has come."""

from __future__ import annotations

import queue
import threading

import pytest

PATIENCE = 20
"""Seconds after which something that should happen has not."""


@pytest.fixture(scope="module")
def work(host):
    return host("work")


class Done:
    """Work that says by which thread it was done, and may wait before it is over."""

    def __init__(self, until=None):
        self.by = queue.Queue()
        self.until = until

    def work(self):
        self.by.put(threading.get_ident())
        if self.until is not None:
            assert self.until.wait(PATIENCE)


class Source:
    """What comes is what the test puts; it is given to *crew*. An exception is raised instead, None is the end."""

    def __init__(self):
        self.things = queue.Queue()
        self.settled = threading.Event()
        self.waiting = threading.Event()
        self.ended = False
        self.crew = None
        self._come = None

    def wait(self):
        self.waiting.set()
        self._come = self.things.get(timeout=PATIENCE)
        self.waiting.clear()
        return self._come != "interrupted"

    def interrupt(self):
        self.things.put("interrupted")

    def receive(self):
        if isinstance(self._come, Exception):
            raise self._come
        if self._come is None:
            self.ended = True
        else:
            for thing in self._come:
                self.crew.give(thing)

    def settle(self):
        self.settled.set()


@pytest.fixture
def source():
    source = Source()
    yield source
    source.things.put(None)
    assert source.crew.over.wait(PATIENCE)


@pytest.fixture
def make(work, source):
    def make(size):
        source.crew = work.Crew(size, source)
        source.crew.start()
        return source.crew

    return make


def test_who_reads_does_what_has_come(make, source):
    make(1)
    first, second = Done(), Done()
    source.things.put([first, second])
    assert first.by.get(timeout=PATIENCE) == second.by.get(timeout=PATIENCE)


def test_as_many_work_as_there_are(make, source):
    make(2)
    free = threading.Event()
    both = [Done(free), Done(free)]
    source.things.put(both)
    # Neither is over when the other begins.
    threads = {done.by.get(timeout=PATIENCE) for done in both}
    free.set()
    assert len(threads) == 2


def test_given_while_all_wait(make, source):
    crew = make(1)
    assert source.waiting.wait(PATIENCE)
    done = Done()
    crew.give(done)
    assert done.by.get(timeout=PATIENCE)


def test_what_was_put_off_is_settled_before_a_thread_waits(make, source):
    make(1)
    assert source.waiting.wait(PATIENCE)
    source.settled.clear()
    source.things.put([Done()])
    assert source.settled.wait(PATIENCE)


def test_one_that_is_stuck_is_not_waited_for(make, source, work, monkeypatch):
    monkeypatch.setattr(work, "_STUCK", 0)
    crew = make(1)
    free, further = threading.Event(), Done()
    stuck = Done(free)
    source.things.put([stuck])
    assert stuck.by.get(timeout=PATIENCE)
    crew.look()
    source.things.put([further])
    assert further.by.get(timeout=PATIENCE)
    free.set()


def test_one_that_is_busy_for_a_short_time_is_waited_for(make, source):
    crew = make(1)
    free = threading.Event()
    busy = Done(free)
    source.things.put([busy])
    assert busy.by.get(timeout=PATIENCE)
    threads = threading.active_count()
    crew.look()
    free.set()
    assert threading.active_count() == threads


def test_clock_is_told_when_something_begins(make, source):
    crew = make(1)
    told = queue.Queue()
    crew.on_busy = lambda: told.put(crew.busy)
    source.things.put([Done()])
    assert told.get(timeout=PATIENCE)


def test_rubbish_ends_it_and_is_told(make, source):
    crew = make(2)
    source.things.put(ValueError("no such message"))
    assert crew.over.wait(PATIENCE)
    assert str(crew.failure) == "no such message"
