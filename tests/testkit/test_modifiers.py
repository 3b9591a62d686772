"""Introspection and modifiers: the workflow of a project, by the name of its binding."""

from pathlib import Path

import pytest

from stepwell.testing import ModifierError, TestKitError, WaitError, Workflows

FLOWS = Path(__file__).parent / "flows"
PROJECT = FLOWS / "moderation"


@pytest.fixture
def workflows():
    return Workflows(PROJECT)


@pytest.fixture
def worker(workflows):
    return workflows.worker()


@pytest.fixture
def instance(worker):
    with worker.introspect_workflow_instance("MODERATOR", "one") as instance:
        yield instance


def test_mocked_result(worker, instance):
    """A mocked step gives its result without being called."""
    instance.modify(lambda m: m.disable_sleeps()).modifier.mock_step_result("score", 10)
    worker.env.MODERATOR.create(id="one", params={"text": "hello"})

    assert instance.wait_for_step_result({"name": "score"}) == 10
    instance.wait_for_status("complete")
    assert {"status": "published"} == instance.output()


@pytest.mark.parametrize("value", [0, "", None, False, []])
def test_falsy_results_count(worker, instance, value):
    """A mocked result that is falsy is a result."""
    instance.modifier.mock_step_result("score", value).mock_event("decision", {"verdict": "kept"})
    worker.env.MODERATOR.create(id="one")

    assert value == instance.wait_for_step_result("score")
    instance.wait_for_status("complete")


def test_mocked_stream():
    """The workflow reads an async iterator of bytes as a stream; a test gets the bytes of the step's result."""
    page = b"x" * 400_000

    async def chunks():
        yield page[:100]
        yield bytearray(page[100:])

    with Workflows(FLOWS / "streams.py") as workflows:
        instance = workflows.introspect_workflow_instance("Reader", "one")
        instance.modifier.mock_step_result("fetch page", chunks())
        workflows.start("Reader", id="one")

        assert page == instance.wait_for_step_result("fetch page")
        assert page.decode() == instance.result()
        assert "fetch page-1 = <ByteStream of step 'fetch page', 400000 bytes>" in instance.timeline()


def test_stream_without_bytes(instance):
    """A mocked stream that gives something other than bytes is refused."""

    async def chunks():
        yield "text"

    with pytest.raises(TypeError, match="gives a str; its chunks have to be bytes"):
        instance.modifier.mock_step_result("score", chunks())


def test_mocked_errors_then_result(worker, instance):
    """The next attempts fail, and the one after them gives the mocked result."""
    instance.modifier.mock_step_error("score", TimeoutError("no model"), times=2).mock_step_result("score", 5)
    worker.env.MODERATOR.create(id="one")
    instance.wait_for_status("complete")

    failed = [each for each in instance.log() if each["event"] == "ATTEMPT_FAILURE"]
    assert ["no model", "no model"] == [each["detail"]["error"]["message"] for each in failed]


def test_mocked_error_for_good(worker, instance):
    """Without `times` every attempt fails, and the instance fails with the error's own class."""
    instance.modifier.mock_step_error("score", ZeroDivisionError("never"))
    worker.env.MODERATOR.create(id="one")

    with pytest.raises(ZeroDivisionError, match="never"):
        instance.wait_for_step_result("score")
    instance.wait_for_status("errored")
    assert isinstance(instance.error(), ZeroDivisionError)


def test_forced_timeout(worker, instance):
    """An attempt times out at once, and is repeated."""
    instance.modifier.force_step_timeout("score", times=1).mock_step_result("score", 1)
    worker.env.MODERATOR.create(id="one")
    instance.wait_for_status("complete")

    [failed] = [each for each in instance.log() if each["event"] == "ATTEMPT_FAILURE"]
    assert ("WorkflowTimeoutError", "Execution timed out after 0ms") == (
        failed["detail"]["error"]["name"],
        failed["detail"]["error"]["message"],
    )


def test_mocked_event(worker, instance):
    """A wait finds the mocked event."""
    instance.modifier.mock_step_result("score", 99).mock_event(type="decision", payload={"verdict": "removed"})
    worker.env.MODERATOR.create(id="one")
    instance.wait_for_status("complete")

    assert {"status": "removed", "score": 99} == instance.output()


def test_forced_event_timeout(worker, instance):
    """A wait times out at once, with the error that it would have timed out with."""
    instance.modifier.mock_step_result("score", 99).force_event_timeout("review")
    worker.env.MODERATOR.create(id="one")
    instance.wait_for_status("errored")

    assert "Execution timed out after 86400000ms" == str(instance.error())


def test_disabled_delays(workflows, worker, instance):
    """Sleeps and delays take no time, and the log has them as they would have been."""
    instance.modifier.disable_sleeps().disable_retry_delays().mock_step_error("score", "no", times=3)
    instance.modifier.mock_step_result("score", 1)
    began = workflows.clock.now()
    worker.env.MODERATOR.create(id="one")

    assert "complete" == instance.status()
    assert began == workflows.clock.now()
    log = instance.log()
    [slept] = [each for each in log if each["event"] == "SLEEP_START"]
    failed = [each for each in log if each["event"] == "ATTEMPT_FAILURE"]
    assert slept["detail"]["durationMs"] == 10_000
    assert [10_000] * 3 == [each["detail"]["retryDelayMs"] for each in failed]


def test_all_further_instances(worker):
    """An introspector changes and captures the instances that come after it."""
    before = worker.env.MODERATOR.create(id="before")
    with worker.introspect_workflow("MODERATOR") as introspector:
        introspector.modify_all(lambda m: m.mock_step_result("score", 1))
        worker.env.MODERATOR.create_batch([{"id": "a"}, {"id": "b"}])
        captured = introspector.get()
        for each in captured:
            each.wait_for_status("complete")

        assert ["a", "b"] == [each.id for each in captured]
    before.dispose()


def test_restart_keeps_modifiers(worker, instance):
    """A restarted instance has the same mocks."""
    instance.modifier.mock_step_result("score", 99).mock_event("decision", {"verdict": "kept"})
    worker.env.MODERATOR.create(id="one")
    instance.wait_for_status("complete")
    instance.restart()
    instance.wait_for_status("complete")

    assert {"status": "kept", "score": 99} == instance.output()


def test_pause_and_resume(worker, instance):
    """A paused instance stays so while time passes, and goes on when it is resumed."""
    instance.modifier.mock_step_result("score", 1)
    worker.env.MODERATOR.create(id="one")
    instance.pause()

    with pytest.raises(WaitError, match="status is 'paused', and nothing is due"):
        instance.wait_for_status("complete")
    instance.resume()
    instance.wait_for_status("complete")


def test_terminated_instance(worker, instance):
    """A wait for what cannot come any more names the status that forbids it."""
    worker.env.MODERATOR.create(id="one")
    instance.terminate()
    text = (
        r"The Workflow instance one has reached status 'terminated'. .* ever reaching the expected status of 'complete'"
    )

    with pytest.raises(WaitError, match=text):
        instance.wait_for_status("complete")
    with pytest.raises(WaitError, match="Step 'score' .* has no result: the instance is terminated"):
        instance.wait_for_step_result("score")
    with pytest.raises(AssertionError, match='Cannot retrieve output: .* in status "terminated"'):
        instance.output()


def test_double_mock(worker, instance):
    """To mock a step twice is refused."""
    instance.modifier.mock_step_result("score", 1)

    with pytest.raises(ModifierError, match="Trying to mock step 'score' multiple times!"):
        instance.modifier.mock_step_result("score", 2)
    with pytest.raises(ModifierError, match="multiple times"):
        instance.modifier.mock_step_error("score", "no")
    worker.env.MODERATOR.create(id="one")
    instance.wait_for_step_result("score")


def test_instance_that_is_never_created(instance):
    """A wait for an instance that does not exist says so."""
    with pytest.raises(WaitError, match="Instance 'one' of workflow 'moderator' does not exist"):
        instance.wait_for_status("complete")


@pytest.mark.parametrize("step", [1, {"nam": "a"}, ("a", 0), {"name": "a", "index": "1"}])
def test_selectors_are_checked(instance, step):
    """What does not name a step is refused."""
    with pytest.raises(TypeError, match="does not name a step"):
        instance.wait_for_step_result(step)


def test_unknown_workflow(worker):
    """A workflow that there is not is refused, with those that there are."""
    with pytest.raises(AssertionError, match="has no workflow 'MODERATE'.* Did you mean"):
        worker.introspect_workflow("MODERATE")


def test_event_that_nothing_waits_for(worker, instance):
    """A mocked event whose type is misspelt fails the test at its end: a step has waited for another."""
    instance.modifier.mock_step_result("score", 99).mock_event("decison", {})
    worker.env.MODERATOR.create(id="one")
    instance.wait_for_status("errored")

    with pytest.raises(ModifierError, match=r"mock_event\('decison'\) of .*: no step has waited for such an event"):
        worker.engine.finish().check()


def test_one_introspector_at_a_time(worker):
    """A workflow has one introspector, which is of no use when it was disposed of."""
    introspector = worker.introspect_workflow("MODERATOR")

    with pytest.raises(TestKitError, match="is introspected already"):
        worker.introspect_workflow("MODERATOR")
    introspector.dispose()
    with pytest.raises(TestKitError, match="was disposed of"):
        introspector.get()
    with worker.introspect_workflow("MODERATOR") as another:
        assert [] == another.get()


def test_unknown_status(worker, instance):
    """A status that no instance can have is refused, with the one that was meant."""
    with pytest.raises(WaitError, match="There is no status 'completed'. Did you mean 'complete'?"):
        instance.wait_for_status("completed")


def test_missing_handler(worker):
    """A request to a project without a handler for it is refused in one sentence."""
    with pytest.raises(TestKitError) as caught:
        worker.fetch("/")

    assert str(caught.value) == "The Worker's default entrypoint has no fetch(). Found: none."
