"""The threads that run instances: who has nothing to do reads what has come."""

from __future__ import annotations

import queue
import threading

import pytest

TIMEOUT_S = 20
"""Seconds after which something that should happen has not."""


@pytest.fixture(scope="module")
def work(host):
    return host("worker_threads")


class Done:
    """Work that says by which thread it was done, and may wait before it is over."""

    def __init__(self, until=None):
        self.by = queue.Queue()
        self.until = until

    def work(self):
        self.by.put(threading.get_ident())
        if self.until is not None:
            assert self.until.wait(TIMEOUT_S)


class Source:
    """What comes is what the test puts; it is given to *threads*. An exception is raised instead, None is the end."""

    def __init__(self):
        self.things = queue.Queue()
        self.settled = threading.Event()
        self.waiting = threading.Event()
        self.ended = False
        self.threads = None
        self._come = None

    def wait(self):
        self.waiting.set()
        self._come = self.things.get(timeout=TIMEOUT_S)
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
                self.threads.give(thing)

    def settle(self):
        self.settled.set()


@pytest.fixture
def source():
    source = Source()
    yield source
    source.things.put(None)
    assert source.threads.over.wait(TIMEOUT_S)


@pytest.fixture
def make(work, source):
    def make(size):
        source.threads = work.WorkerThreads(size, source)
        source.threads.start()
        return source.threads

    return make


def test_who_reads_does_what_has_come(make, source):
    make(1)
    first, second = Done(), Done()
    source.things.put([first, second])
    assert first.by.get(timeout=TIMEOUT_S) == second.by.get(timeout=TIMEOUT_S)


def test_as_many_work_as_there_are(make, source):
    make(2)
    free = threading.Event()
    both = [Done(free), Done(free)]
    source.things.put(both)
    # Neither is over when the other begins.
    threads = {done.by.get(timeout=TIMEOUT_S) for done in both}
    free.set()
    assert len(threads) == 2


def test_given_while_all_wait(make, source):
    threads = make(1)
    assert source.waiting.wait(TIMEOUT_S)
    done = Done()
    threads.give(done)
    assert done.by.get(timeout=TIMEOUT_S)


def test_what_was_put_off_is_settled_before_a_thread_waits(make, source):
    make(1)
    assert source.waiting.wait(TIMEOUT_S)
    source.settled.clear()
    source.things.put([Done()])
    assert source.settled.wait(TIMEOUT_S)


def test_one_that_is_stuck_is_not_waited_for(make, source, work, monkeypatch):
    monkeypatch.setattr(work, "_STUCK_AFTER_S", 0)
    threads = make(1)
    free, further = threading.Event(), Done()
    stuck = Done(free)
    source.things.put([stuck])
    assert stuck.by.get(timeout=TIMEOUT_S)
    threads.start_for_stuck()
    source.things.put([further])
    assert further.by.get(timeout=TIMEOUT_S)
    free.set()


def test_one_that_is_busy_for_a_short_time_is_waited_for(make, source):
    threads = make(1)
    free = threading.Event()
    busy = Done(free)
    source.things.put([busy])
    assert busy.by.get(timeout=TIMEOUT_S)
    before = threading.active_count()
    threads.start_for_stuck()
    free.set()
    assert threading.active_count() == before


def test_clock_is_told_when_something_begins(make, source):
    threads = make(1)
    told = queue.Queue()
    threads.on_busy = lambda: told.put(threads.busy)
    source.things.put([Done()])
    assert told.get(timeout=TIMEOUT_S)


def test_a_protocol_violation_ends_it_and_is_reported(make, source):
    threads = make(2)
    source.things.put(ValueError("no such message"))
    assert threads.over.wait(TIMEOUT_S)
    assert str(threads.failure) == "no such message"
