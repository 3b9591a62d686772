"""The group `workflows` on a state and on a server; what each command says, and what it suggests."""

import json
import re
import shutil

import pytest
from places import Place

INSTANCES = ("workflows", "instances")
CONFIG = {
    "name": "app",
    "main": "flow.py",
    "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
}
FLOW = """
    from workers import WorkflowEntrypoint


    class Flow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("first thing")
            async def first():
                print("doing it")
                return event["payload"]

            await first()
            if event["payload"].get("nap"):
                await step.sleep("nap", "3 days")
            if event["payload"].get("wait"):
                await step.wait_for_event("ask", "approve", timeout="1 hour")
            return "done"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a project whose state has a finished instance, `a`."""
    place = Place(tmp_path_factory.mktemp("project"))
    place.write("flow.py", FLOW)
    place.write("wrangler.json", json.dumps(CONFIG))
    assert 0 == place.run("run", ".", "-q", "--id", "a", "--params", '{"x": 1}').code
    return place.folder


@pytest.fixture
def stored(place, folder):
    """A copy of it, which nothing runs."""
    shutil.copytree(folder, place.folder, dirs_exist_ok=True)
    return place


def serve(stored):
    """Serve a project. Gives the environment of a command that goes there."""
    said = stored.start("serve", ".", "--port", "0", "--require-token").read_until("Ready on")
    secret = stored.run("tokens", "create", "test", "--scope", "admin", "--json").json["secret"]
    return {"STEPWELL_URL": re.search(r"Ready on (\S+)", said)[1], "STEPWELL_TOKEN": secret}


def elsewhere(place, server):
    """A folder without a state, whose commands go to a server."""
    found = Place(place.folder / "elsewhere")
    found.folder.mkdir()
    found.environment |= server
    return found


@pytest.fixture
def server(stored):
    """The same, served: commands go there, from a folder without a state."""
    return elsewhere(stored, serve(stored))


@pytest.fixture(scope="module")
def served_once(tmp_path_factory, folder):
    """A copy that is served, for all tests that change no instance of it: no command has to start a host."""
    stored = Place(tmp_path_factory.mktemp("served"))
    shutil.copytree(folder, stored.folder, dirs_exist_ok=True)
    yield stored, serve(stored)
    stored.dispose()


@pytest.fixture
def shared(place, served_once):
    """The folder that is served, with an environment of the test's own."""
    stored, _ = served_once
    place.folder, place.state = stored.folder, stored.state
    return place


@pytest.fixture
def shared_server(place, served_once):
    """As `server`, with an environment of the test's own."""
    return elsewhere(place, served_once[1])


def test_remote(server):
    """Every command works on a server, with a token."""
    assert ["flow"] == [each["name"] for each in server.run("workflows", "list", "--json").json]
    assert "Script name: app" in server.run("workflows", "describe", "flow").out
    made = server.run(
        "workflows", "trigger", "flow", "--param", "nap=true", "--param", "who=Ada", "--id", "b", "--json"
    )
    assert ("b", "flow") == (made.json["id"], made.json["workflow_id"])
    listed = server.run(*INSTANCES, "list", "flow", "--json").json
    assert ["b", "a"] == [each["id"] for each in listed]
    described = server.run(*INSTANCES, "describe", "flow", "--json").json
    assert ("b", {"nap": True, "who": "Ada"}) == (described["id"], described["params"])
    assert {"nap": True, "who": "Ada"} == server.run(*INSTANCES, "step", "flow", "b", "first thing").json
    assert "doing it" in server.run("logs", "b").out
    skipped = server.run(*INSTANCES, "skip-sleep", "flow", "b", "--step", "nap-1")
    assert (0, True) == (skipped.code, "Ended nap-1 of instance 'b' of flow." in skipped.out)
    watched = server.run(*INSTANCES, "watch", "flow", "b")
    assert (0, True) == (watched.code, "first thing: complete" in watched.err or "first thing" in watched.err)
    assert "doing it" in server.run("logs", "latest", "--follow").out
    events = [json.loads(line) for line in server.run(*INSTANCES, "watch", "flow", "b", "--json").out.splitlines()]
    assert "workflow_completed" == events[-1]["type"]
    assert 0 == server.run(*INSTANCES, "restart", "flow", "b").code
    assert "have begun to end" in server.run(*INSTANCES, "terminate-all", "flow").out
    assert 0 == server.run(*INSTANCES, "delete", "flow", "a").code
    assert "Deleted workflow 'flow'" in server.run("workflows", "delete", "flow").out
    assert [] == server.run("workflows", "list", "--json").json


@pytest.mark.parametrize(
    ("variables", "options", "message"),
    [
        ({"STEPWELL_TOKEN": "stepwell_wrong"}, (), "Authentication error"),
        ({"STEPWELL_TOKEN": ""}, (), "Authentication error. Give the secret of a token with --token or STEPWELL_TOKEN"),
        ({}, ("--url", "http://127.0.0.1:9"), "Check --url, and that `stepwell serve --port` runs there."),
        ({}, ("--url", "ftp://x"), "it must be the http or https address of a server"),
        ({}, ("--url", "http://127.0.0.1:9", "--state", "x"), "--state and --url are both given"),
    ],
)
def test_remote_refusals(shared_server, variables, options, message):
    """What keeps a command from a server is said in a sentence, with the exit code for mistakes."""
    shared_server.environment |= variables

    done = shared_server.run("workflows", "list", *options)

    assert (2, "") == (done.code, done.out)
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (("rnu",), "Did you mean 'run'"),
        (("workflow", "list"), "Did you mean 'workflows'?"),
        (("workflows", "instance", "list"), "Did you mean 'instances'?"),
        ((*INSTANCES, "lst"), "Did you mean 'list'"),
        (("workflows", "list", "--jsn"), "--json"),
        (("workflows", "describe", "flwo"), "Did you mean 'flow'?"),
        ((*INSTANCES, "describe", "nothing-like-it"), "There are: flow."),
        ((*INSTANCES, "list", "flow", "--status", "compleet"), "complete"),
        (("run", "flo.py"), "Did you mean 'flow.py'?"),
        ((*INSTANCES, "step", "flow", "a", "first thng"), "Did you mean 'first thing-1'?"),
        (("logs", "b"), "There is no instance 'b'."),
    ],
)
def test_suggestions(shared, arguments, suggestion):
    """A misspelt command, option, name, id, status, file or step is refused with what may be meant."""
    done = shared.run(*arguments)

    assert 2 == done.code
    assert suggestion in done.err
    assert not re.search(r"\(\w+\.\w+\)", done.err), "codes are for programs"


def test_similar_id(stored):
    """An id that does not exist is refused with the one that is like it."""
    stored.run("workflows", "trigger", "flow", "--id", "order-1234")

    done = stored.run(*INSTANCES, "describe", "flow", "order-1243")

    assert (2, True) == (done.code, "has no instance 'order-1243'. Did you mean 'order-1234'?" in done.err)


def test_awaited_event(stored):
    """An event of a type that the instance does not wait for is sent with a warning."""
    running = stored.start("run", ".", "--id", "w", "--params", '{"wait": true}')
    running.read_until("waiting for event")

    done = stored.run(*INSTANCES, "send-event", "flow", "w", "--type", "aprove")
    right = stored.run(*INSTANCES, "send-event", "flow", "w", "--type", "approve", "--param", "ok=1")

    assert (0, True) == (done.code, "waits for 'approve', not for 'aprove'. Did you mean 'approve'?" in done.err)
    assert (0, "") == (right.code, right.err)


def test_nothing_runs(stored):
    """An instance that is made while nothing runs the state is said to wait, with the command that runs it."""
    done = stored.run("workflows", "trigger", "flow")

    assert "Nothing is running this state. Start it with: stepwell serve DIR" in done.err


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_ids_are_whole(shared, columns):
    """An id can be copied, however narrow the terminal is."""
    made = shared.run("workflows", "trigger", "flow", "--json").json["id"]
    shared.environment |= {"COLUMNS": str(columns), "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}

    table = shared.run(*INSTANCES, "list", "flow").out

    assert made in table


def test_times_and_signs(shared):
    """Times have a zone, in UTC where that is asked for; signs are left out where nobody wants them."""
    shared.environment["TZ"] = "Asia/Tokyo"

    here = shared.run(*INSTANCES, "describe", "flow", "a").out
    utc = shared.run(*INSTANCES, "describe", "flow", "a", "--utc", "--no-emoji").out

    assert re.search(r"Queued: +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} JST", here)
    assert re.search(r"Queued: +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC", utc)
    assert re.search(r"Status: +✅ Completed", here)
    assert re.search(r"Status: +Completed", utc)
    assert 'Params:               {"x": 1}' in utc


def test_json_lines(stored):
    """All instances come as lines of JSON, over all pages and workflows."""
    stored.start("serve", ".").read_until("Serving")
    for index in range(3):
        stored.run("workflows", "trigger", "flow", "--id", f"i{index}")

    done = stored.run(*INSTANCES, "list", "--jsonl", "--reverse")

    assert ["a", "i0", "i1", "i2"] == [json.loads(line)["id"] for line in done.out.splitlines()]
    assert ["i1"] == [each["id"] for each in stored.run(*INSTANCES, "list", "--search", "i1", "--json").json]


def test_idle_bulk(stored):
    """What is done to all instances is done when the command ends, where nothing runs the state."""
    for index in range(2):
        stored.run("workflows", "trigger", "flow", "--id", f"i{index}")
    stored.run(*INSTANCES, "terminate-all", "flow", "--status", "queued")

    statuses = {each["id"]: each["status"] for each in stored.run(*INSTANCES, "list", "flow", "--json").json}
    stored.run("workflows", "delete", "flow")

    assert {"a": "complete", "i0": "terminated", "i1": "terminated"} == statuses
    assert 2 == stored.run(*INSTANCES, "list", "flow").code


def test_backup_and_restore(stored):
    """A copy of a state holds what it held, and takes its place."""
    assert 0 == stored.run("state", "backup", "copy.sqlite").code
    stored.run(*INSTANCES, "delete", "flow", "a")
    again = stored.run("state", "backup", "copy.sqlite")
    kept = stored.run("state", "restore", "copy.sqlite")

    done = stored.run("state", "restore", "copy.sqlite", "--force")

    assert (2, True) == (again.code, "--force" in again.err)
    assert (2, True) == (kept.code, "sqlite' exists. Give --force to replace it." in kept.err)
    assert (0, ["a"]) == (done.code, [each["id"] for each in stored.run(*INSTANCES, "list", "flow", "--json").json])


def test_restore_of_an_older_copy(stored):
    """A state that has fewer log entries than the one that it replaces is not taken for a damaged one."""
    stored.run("state", "backup", "copy.sqlite")
    stored.run("run", ".", "--id", "later", "-q")

    stored.run("state", "restore", "copy.sqlite", "--force")
    listed = stored.run(*INSTANCES, "list", "flow")

    assert (0, "") == (listed.code, listed.err)


def test_backup_without_objects(stored):
    """A copy says what is not in it."""
    before = stored.run("state", "backup", "before.sqlite")
    (stored.folder / ".stepwell" / "state.sqlite.objects").mkdir()

    after = stored.run("state", "backup", "after.sqlite")

    assert "Durable Objects" not in before.err
    assert "Durable Objects are not in it. Copy '.stepwell/state.sqlite.objects' too" in after.err


def test_backup_while_it_runs(stored):
    """A state is copied while an instance runs; it is not replaced meanwhile."""
    running = stored.start("run", ".", "--id", "w", "--params", '{"wait": true}')
    running.read_until("waiting for event")

    copied = stored.run("state", "backup", "copy.sqlite")
    refused = stored.run("state", "restore", "copy.sqlite", "--force")
    listed = stored.run(*INSTANCES, "list", "flow", "--state", "copy.sqlite", "--json").json

    assert 0 == copied.code
    assert {"w", "a"} == {each["id"] for each in listed}
    assert (2, True) == (refused.code, "in use by process" in refused.err)
    assert 1 == refused.err.count("state.sqlite")


@pytest.mark.parametrize("content", ["", "text", "SQLite format 3\0" + "x" * 5000])
def test_restore_of_something_else(stored, content):
    """A file that is not a state is refused, and the state is kept."""
    (stored.folder / "other").write_text(content)

    done = stored.run("state", "restore", "other", "--force")

    assert (2, True) == (done.code, "'other'" in done.err or "other" in done.err)
    assert ["a"] == [each["id"] for each in stored.run(*INSTANCES, "list", "flow", "--json").json]


def test_restore_of_a_run_file(stored):
    """A run file is not a backup, and the error says which files are."""
    stored.run("runs", "export", "a", "a.run.sqlite")

    done = stored.run("state", "restore", "a.run.sqlite", "--force")

    expected = "Error: 'a.run.sqlite' is not a backup. Give a file that `stepwell state backup` has written.\n"
    assert (2, expected) == (done.code, done.err)


def test_vacuum(stored):
    """The space of what is deleted is given back."""
    sizes = stored.run("state", "vacuum", "--json").json

    assert 0 < sizes["after"] <= sizes["before"]


def test_cache(place):
    """The cache is deleted with all that is in it."""
    place.environment["STEPWELL_CACHE"] = str(place.folder / "cache")
    place.write("cache/a/b", "12345")

    done = place.run("cache", "clean", "--json").json

    assert 5 == done["bytes"]
    assert not (place.folder / "cache").exists()


def test_help(place):
    """`help COMMAND` is `COMMAND --help`, without raw escapes, and each summary is whole."""
    for command in (("workflows", "instances"), ("sync",), ("build",), ("doctor",)):
        shown = place.run("help", *command)
        assert shown.out == place.run(*command, "--help").out
        assert "\\b" not in shown.out
    assert "..." not in place.run("--help").out.partition("Commands:")[2]
