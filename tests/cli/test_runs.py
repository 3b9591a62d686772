"""`stepwell runs`, as a process."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from places import Place

FILE = "a.run.sqlite"


ORDER = """
    from workers import WorkflowEntrypoint


    class OrderWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("reserve")
            async def reserve():
                print("reserving the goods")
                return event["payload"].get("items", 1)

            reserved = await reserve()

            @step.do("ship")
            async def ship():
                return {"shipped": reserved}

            return await ship()
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder with the run file of a finished instance, its state and its code."""
    place = Place(tmp_path_factory.mktemp("recorded"))
    place.write("order.py", ORDER)
    assert 0 == place.run("run", "order.py", "--id", "a", "--params", '{"items": 3}', "--quiet").code
    done = place.run("runs", "export", "a", FILE)
    assert (0, "") == (done.code, done.out)
    assert f"Wrote instance 'a' of OrderWorkflow to {FILE}" in done.err
    return place.folder


@pytest.fixture
def exported(place, recorded):
    """The file in a folder of the test's own."""
    shutil.copytree(recorded, place.folder, dirs_exist_ok=True)
    return place.folder / FILE


def test_describe(place, exported):
    """A file tells what it is, also where there is no state and no code."""
    (place.folder / "order.py").unlink()

    done = place.run("runs", "open", FILE)

    assert 0 == done.code
    for words in ("Code:     order.py", "OrderWorkflow", "✅ Completed", "complete · reserve · ", '{"shipped": 3}'):
        assert words in done.out
    described = place.run("runs", "open", FILE, "--json").json
    assert ["order.py"] == described["sources"]
    assert {"stepwell", "node", "sqlite", "pyodide"} == set(described["versions"])


def test_text_where_the_locale_is_ascii(place):
    """What Node writes is UTF-8, whatever encoding the locale has."""
    place.write("order.py", ORDER)
    assert 0 == place.run("run", "order.py", "--id", "a", "--params", '{"items": "Zürich ✅"}', "--quiet").code
    assert 0 == place.run("runs", "export", "a", FILE).code
    place.environment |= {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}

    done = place.run("runs", "open", FILE, "--json")

    assert {"shipped": "Zürich ✅"} == done.json["detail"]["output"]


def test_replay(place, exported):
    """The code comes to the same end without a step being run; changed code is told apart, with exit code 1."""
    done = place.run("runs", "open", FILE, "--replay", "--trusted")
    assert 0 == done.code
    assert "✅ The code does what was recorded." in done.out
    assert "reserving" not in done.err

    changed = exported.with_name("changed.py")
    changed.write_text((place.folder / "order.py").read_text().replace('"ship"', '"post"'))
    done = place.run("runs", "open", FILE, "--replay", "--code", "changed.py", "--json")
    assert 1 == done.code
    assert (["post-1"], ["ship-1"]) == (done.json["unrecorded"], done.json["uncalled"])


def test_fork(place, exported):
    """A fork keeps what was before its step; it may have another result, and other code."""
    forked = place.run("runs", "open", FILE, "--fork", "ship", "--id", "f", "--trusted")
    assert (0, {"shipped": 3}) == (forked.code, forked.json)
    assert "reserve: complete" in forked.err
    assert "reserving" not in forked.err

    forked = place.run("runs", "open", FILE, "--fork", "reserve-1", "--result", "7", "--quiet", "--trusted")
    assert (0, {"shipped": 7}) == (forked.code, forked.json)

    (place.folder / "other.py").write_text((place.folder / "order.py").read_text().replace("shipped", "sent"))
    forked = place.run("runs", "open", FILE, "--fork", "ship", "--code", "other.py", "--quiet", "--json")
    assert (0, {"sent": 3}) == (forked.code, forked.json["output"])
    again = place.run("run", ".stepwell/runs/f/order.py", "--id", "f", "--quiet")
    assert {"shipped": 3} == again.json


def test_fork_of_project(place):
    """Variables, bindings and the step limit of a configuration come along, unless they are left out."""
    place.write(
        "order.py",
        """
        from workers import WorkflowEntrypoint


        class OrderWorkflow(WorkflowEntrypoint):
            async def run(self, event, step):
                @step.do("a")
                async def a():
                    return self.env.CURRENCY

                return await a()
        """,
    )
    entry = {"binding": "ORDERS", "name": "orders", "class_name": "OrderWorkflow", "limits": {"steps": 7}}
    config = {"name": "w", "main": "order.py", "vars": {"CURRENCY": "EUR"}, "workflows": [entry]}
    place.write("wrangler.json", json.dumps(config))
    assert 0 == place.run("run", ".", "--id", "a", "--quiet").code
    assert 0 == place.run("runs", "export", "a", FILE, "--vars").code
    assert 0 == place.run("runs", "export", "a", "without.run.sqlite", "--no-vars").code

    forked = place.run(
        "runs", "open", FILE, "--fork", "a", "--id", "f", "--quiet", "--trusted", "--state", "else/s.sqlite"
    )

    assert (0, "EUR") == (forked.code, forked.json)
    written = json.loads((place.folder / "else" / "runs" / "f" / "wrangler.json").read_text())
    assert [entry] == written["workflows"]
    assert {} == place.run("runs", "open", "without.run.sqlite", "--json").json["vars"]


def test_secrets(place):
    """A run file has no value of a variable, unless it is asked for: not as a variable, in output or in an error."""
    place.write(
        "order.py",
        """
        from workers import WorkflowEntrypoint


        class OrderWorkflow(WorkflowEntrypoint):
            async def run(self, event, step):
                @step.do("a", config={"retries": {"limit": 0, "delay": 0}})
                async def a():
                    print("with", self.env.TOKEN, self.env.KEY)
                    raise ValueError(self.env.TOKEN)

                await a()
        """,
    )
    secrets = {"TOKEN": 'hunter2-"quoted"-hunter2', "KEY": "-----BEGIN-----\nMIIEvQIBADANBgkqhkiG\n-----END-----"}
    config = {
        "main": "order.py",
        "vars": {**secrets, "PIN": "1234", "LIMIT": 12},
        "workflows": [{"binding": "ORDERS", "name": "orders", "class_name": "OrderWorkflow"}],
    }
    place.write("wrangler.json", json.dumps(config))
    assert 1 == place.run("run", ".", "--id", "a", "--quiet").code

    assert 0 == place.run("runs", "export", "a", FILE).code
    assert 0 == place.run("runs", "export", "a", "whole.run.sqlite", "--vars").code

    data = (place.folder / FILE).read_bytes()
    assert [word for word in (b"hunter2", b"MIIEvQIBADANBgkqhkiG", b'"1234"') if word in data] == []
    assert b"hunter2" in (place.folder / "whole.run.sqlite").read_bytes()
    opened = place.run("runs", "open", FILE, "--json").json
    assert {"TOKEN": "[TOKEN]", "KEY": "[KEY]", "PIN": "[PIN]", "LIMIT": 12} == opened["vars"]


def test_compare(place, exported):
    """Two files are compared as by `diff`: exit code 1 where something differs."""
    same = place.run("runs", "open", FILE, "--compare", FILE)
    assert (0, "They are the same.") == (same.code, same.out.splitlines()[-1])
    place.run("runs", "open", FILE, "--fork", "reserve", "--result", "7", "--id", "f", "--quiet", "--trusted")
    place.run("runs", "export", "f", "f.run.sqlite")

    done = place.run("runs", "open", FILE, "--compare", "f.run.sqlite")

    assert 1 == done.code
    assert "The instances differ in: output, 2 steps." in done.out


def test_sensitive(place):
    """Whoever exports is told what is in the file that others are not shown."""
    place.write(
        "secret.py",
        """
        from workers import WorkflowEntrypoint


        class Secret(WorkflowEntrypoint):
            async def run(self, event, step):
                @step.do("token", config={"sensitive": "output"})
                async def token():
                    return "abc"

                await token()
        """,
    )
    place.run("run", "secret.py", "--id", "s", "--quiet")

    done = place.run("runs", "export", "latest", "s.run.sqlite")

    assert "it holds the sensitive results of token-1" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "nobody", "n.run.sqlite"], "Instance does not exist: nobody"),
        (["export", "a", FILE], "exists. Give another name, or --force"),
        (["export", "a", "no/such/folder.sqlite"], "cannot be written: No such file"),
        (["open", "missing"], "There is no file 'missing'"),
        (["open", "order.py"], "'order.py' cannot be opened: it is not an SQLite database."),
        (["open", ".stepwell/state.sqlite"], "it is a state; export one of its instances"),
        (["open", "cut.run.sqlite"], "cut.run.sqlite' cannot be opened: it is not a sound run file"),
        (["open", "newer.run.sqlite"], "it was written by a newer version of Stepwell. Upgrade Stepwell."),
        (["open", FILE, "--compare", "order.py"], "cannot be opened: it is not an SQLite database."),
        (["open", FILE, "--replay", "--fork", "ship"], "Give one of --replay, --compare and --fork."),
        (["open", FILE, "--result", "1"], "--result needs --fork STEP."),
        (["open", FILE, "--code", "order.py"], "--code needs --replay or --fork STEP."),
        (["open", FILE, "--fork", "nope"], "The run has no step 'nope'. It has: reserve-1, ship-1."),
        (["open", FILE, "--fork", "ship", "--result", "{"], "--result is not JSON"),
        (["open", FILE, "--fork", "ship", "--id", "a"], "Instance 'a' of OrderWorkflow already exists"),
    ],
)
def test_refused(place, exported, arguments, words):
    """Bad input is exit code 2 and a sentence; nothing is left half-written."""
    (place.folder / "cut.run.sqlite").write_bytes(exported.read_bytes()[:30_000])
    newer = place.folder / "newer.run.sqlite"
    newer.write_bytes(exported.read_bytes())
    with closing(sqlite3.connect(newer)) as file, file:
        file.execute("UPDATE run SET format = 99")
    before = sorted(path.name for path in place.folder.iterdir())

    done = place.run("runs", *arguments)

    assert (2, "") == (done.code, done.out)
    assert words in done.err
    assert before == sorted(path.name for path in place.folder.iterdir())


def test_sandbox(place, exported):
    """A replay and a fork run the file's code in the sandbox, say so, and so does what continues the fork."""
    pytest.importorskip("wasmtime", reason="stepwell[wasmtime] is not installed")

    replayed = place.run("runs", "open", FILE, "--replay")
    forked = place.run("runs", "open", FILE, "--fork", "ship", "--id", "f")

    assert (0, 0) == (replayed.code, forked.code)
    for done in (replayed, forked):
        assert f"Running the code of '{FILE}' in the sandbox." in done.err
    assert {"shipped": 3} == forked.json
    assert 'runtime = "wasmtime"' in (place.folder / ".stepwell/runs/f/pyproject.toml").read_text()


def test_no_sandbox(place, exported):
    """Where there is no sandbox, the code runs only if it is said to be trusted."""
    place.write("sitecustomize.py", "import sys; sys.modules['wasmtime'] = None")
    place.environment["PYTHONPATH"] = str(place.folder)

    for options in (("--replay",), ("--fork", "ship")):
        done = place.run("runs", "open", FILE, *options)
        assert (2, "") == (done.code, done.out)
        assert "needs the sandbox" in done.err
        assert "pip install 'stepwell[wasmtime]'" in done.err
        assert "Give --trusted to run it with your rights." in done.err


def test_trusted_is_said(place, exported):
    """Code that runs with the user's rights is announced; the option is refused where no code of the file runs."""
    done = place.run("runs", "open", FILE, "--replay", "--trusted")
    refused = place.run("runs", "open", FILE, "--trusted")

    assert f"Running the code of '{FILE}' with your rights." in done.err
    assert 2 == refused.code
    assert "--trusted is about the code of FILE" in refused.err


ENDLESS = """
    DROP TABLE events;
    CREATE VIEW events AS WITH RECURSIVE t(instance, number, type, at, payload, consumed_by) AS (
        SELECT 1, 1, 't', 1, '1', NULL UNION ALL SELECT 1, number + 1, 't', 1, '1', NULL FROM t
    ) SELECT * FROM t;
"""


@pytest.mark.parametrize(
    "options", [(), ("--compare", FILE), ("--replay", "--trusted"), ("--fork", "ship", "--trusted")]
)
def test_endless(place, exported, options):
    """A file whose tables never end is refused at once, by the command and by the host, and nothing is left behind."""
    with closing(sqlite3.connect(exported)) as file:
        file.executescript(ENDLESS)

    done = place.run("runs", "open", FILE, *options)

    assert (2, "") == (done.code, done.out)
    assert "it has the view events, which a run file does not have" in done.err
    assert not (place.folder / ".stepwell/runs").exists()
