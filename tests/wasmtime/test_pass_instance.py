"""When a pass is cut, and for which reason: an attempt that has timed out, a limit that has been reached."""

from __future__ import annotations

import json

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


@pytest.fixture
def processor(monkeypatch):
    """The processor time of the thread, which only moves by hand. In ms."""

    class Processor:
        used = 0

        def works(self, ms):
            self.used += ms

    processor = Processor()
    monkeypatch.setattr("time.thread_time_ns", lambda: processor.used * 1_000_000)
    return processor


class Owner:
    """Keeps what it is handed."""

    def __init__(self):
        self.handed = []
        self.used = []
        self.woken = []
        self.lost_ones = []

    def wake(self, instance):
        self.woken.append(instance)

    def lost(self, instance, _reason, limit):
        self.lost_ones.append((instance, limit))

    def batches(self, instance, texts):
        self.handed += texts
        self.used += instance.meter.take_used()


@pytest.fixture
def owner():
    return Owner()


@pytest.fixture
def make_instance(host, clock, owner):
    """One whose interpreter runs code outside steps."""

    def make(*limits):
        instance = host("pass_instance").PassInstance(1, None, None, host("limits").Limits(*limits), owner)
        instance.meter.enter((0, 0))
        return instance

    return make


@pytest.fixture
def instance(make_instance):
    return make_instance(*NO_LIMITS)


@pytest.fixture
def limited(make_instance, processor):
    """One that may use 100 ms for a step and 200 ms outside of them."""
    return make_instance(1 << 30, 100, 200, None, None)


def test_what_goes_on_after_its_timeout_is_cut(instance, clock):
    instance.meter.switch(STEP)
    clock.passes(60)
    instance.expire(*STEP)
    clock.passes(0.1)
    instance.check_running()
    clock.passes(0.15)

    with pytest.raises(Exception, match=r"The step went on after its timeout\."):
        instance.check_running()
    assert instance.broken.name == "Expired"


def test_what_runs_for_a_moment_after_its_timeout_is_not(instance, clock):
    """Its own `finally`, for example: the other steps of the pass would be lost with it."""
    instance.expire(*STEP)
    for _ in range(5):
        instance.meter.switch(STEP)
        clock.passes(0.15)
        instance.check_running()
        instance.meter.switch((0, 0))
        clock.passes(60)
        instance.check_running()


def test_what_runs_again_in_each_turn_is_not(instance, clock):
    """It gives the interpreter back after each."""
    instance.expire(*STEP)
    for _ in range(5):
        instance.meter.enter((0, 0))
        instance.meter.switch(STEP)
        clock.passes(0.15)
        instance.check_running()
        instance.meter.leave()


def test_nobody_else_is_cut(instance, clock):
    """What keeps the interpreter to itself within its time may."""
    instance.expire(*STEP)
    instance.meter.switch((4, 1))
    clock.passes(60)

    instance.check_running()


def begin(ref):
    """What a guest sends before the first attempt of a step begins."""
    return json.dumps([{"type": "do", "pass": 1, "ref": ref, "name": "a", "count": 1, "started": True}])


def fail(ref, name="MemoryError"):
    """What a guest sends when a step has raised."""
    error = {"name": name, "message": ""}
    return json.dumps([{"type": "failed", "pass": 1, "ref": ref, "attempt": 1, "error": error}])


@pytest.mark.parametrize(
    "say",
    [
        lambda instance: instance.posted(fail(3)),
        lambda instance: instance.entered(0, 0),
        lambda instance: instance.requested(1, "{}"),
        lambda instance: instance.check_used(),
    ],
    ids=["fails", "goes on elsewhere", "fetches", "ends its turn"],
)
def test_a_step_beyond_its_limit_ends_through_that(limited, processor, owner, say):
    """However late the clock ticks: what it says then, such as that memory was short, does not count."""
    limited.posted(begin(3))
    limited.entered(3, 1)
    processor.works(101)

    with pytest.raises(Exception, match="processor time"):
        say(limited)
    assert "CpuLimitExceeded" == limited.broken.name
    assert STEP == limited.meter.running
    assert [] == owner.handed


def test_an_interpreter_that_breaks_beyond_its_limit_has_ended_through_that(limited, processor, host):
    """Such as one that runs out of memory."""
    limited.posted(begin(3))
    limited.entered(3, 1)
    processor.works(101)
    wasmtime = pytest.importorskip("wasmtime")

    assert "processor time" in limited.reason_of(wasmtime.WasmtimeError("wasm `unreachable` instruction executed"))
    assert "CpuLimitExceeded" == limited.broken.name


def test_an_attempt_that_there_is_not_is_code_outside_steps(limited, processor):
    """However many accounts a guest asks for, it has one."""
    for ref in range(10, 12):
        limited.entered(ref, 1)
        processor.works(99)
    limited.entered(12, 1)
    processor.works(3)

    with pytest.raises(Exception, match=r"Code outside of steps has used more than 0\.2 s"):
        limited.check_used()


def test_an_attempt_of_the_engine_has_an_account(limited, processor):
    """One that the engine orders, as it does after a failure."""
    limited.note_delivered('[[1,2],{"type":"attempt","pass":1,"ref":3,"attempt":2,"config":{}}]')
    limited.entered(3, 2)
    processor.works(99)
    limited.entered(0, 0)

    limited.check_used()
    assert [(3, 2)] == [who[:2] for who in limited.meter.take_used()]


def test_an_attempt_that_has_ended_leaves_nothing(limited, processor, owner):
    """What it has used is told once; what its code does after that is done outside steps."""
    limited.posted(begin(3))
    limited.entered(3, 1)
    processor.works(99)
    limited.posted(fail(3))
    processor.works(7)
    limited.check_running()

    assert [(3, 1, 99.0)] == [used[:3] for used in owner.used]
    assert [(0, 0)] == list(limited.meter.used)


def test_a_batch_that_no_frame_holds_ends_its_instance(make_instance, owner, host, monkeypatch):
    """The engine's host would end the whole process for it."""
    monkeypatch.setattr(host("pass_instance"), "_MAX_BATCH_BYTES", 1000)
    instance = make_instance(*NO_LIMITS)
    instance.posted("[]" + " " * 998)

    with pytest.raises(Exception, match="at once"):
        instance.posted("[]" + "é" * 500)
    assert "MessageLimitExceeded" == instance.broken.name


class Hosted:
    """An instance that has taken so many pages."""

    def __init__(self, host, pages):
        self.meter = host("limits").Meter(None, pages_taken=pages)
        self.ended_by = None

    def condemn(self, limit):
        self.ended_by = limit.name


def test_the_largest_instance_ends_where_the_process_has_too_much(host, clock):
    used = 2000
    memory = host("host_memory").HostMemory(2000, lambda: used)
    instances = [Hosted(host, 10), Hosted(host, 30), Hosted(host, 20)]
    memory.check(instances)
    assert [None, None, None] == [each.ended_by for each in instances]

    used = 2001
    clock.passes(0.2)
    memory.check(instances)
    assert [None, "MemoryError", None] == [each.ended_by for each in instances]


def test_one_that_waits_ends_too(make_instance, owner, host):
    """Through its limit, by a thread that works."""
    instance = make_instance(*NO_LIMITS)
    limit = host("limits").LimitReached("MemoryError", "The host uses too much.")
    instance.condemn(limit)
    assert [instance] == owner.woken
    instance.work()

    assert [(instance, limit)] == owner.lost_ones
    assert instance.is_over


def test_one_that_runs_ends_where_it_stands(instance, host):
    instance._working = True  # noqa: SLF001
    instance.condemn(host("limits").LimitReached("MemoryError", "The host uses too much."))

    with pytest.raises(Exception, match="uses too much"):
        instance.check_running()
