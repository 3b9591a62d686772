"""`stepwell doctor`."""


def findings(done):
    return {finding["name"]: finding for finding in done.json["findings"]}


def test_well(place):
    """What is used is told, and nothing is left behind."""
    done = place.run("doctor", "--json")

    assert 0 == done.code
    assert ["Stepwell", "Python", "Node", "SQLite", "Pyodide", "Snapshot", "State"] == list(findings(done))
    assert findings(done)["Pyodide"]["found"].startswith("314.")
    assert "does not exist yet" in findings(done)["State"]["found"]
    assert [] == list(place.folder.iterdir())


def test_owner(place, approval):
    """Who owns the state is told."""
    running = place.start("run", "approval.py")
    running.read_until("waiting for event")

    done = place.run("doctor")

    assert "owned by process " in done.out
    assert "run approval.py" in done.out


def test_node_missing(place):
    """What is wrong is exit code 1, with the remedy."""
    place.environment["STEPWELL_NODE"] = "/nowhere/node"

    done = place.run("doctor")

    assert 1 == done.code
    assert "❌ Node:" in done.out
    assert "Unset it to use the Node of PyPI." in done.out


def test_state_broken(place, order):
    """A state that cannot be used is told, with the remedy."""
    place.write(".stepwell/state.sqlite", "not a database " * 100)

    done = place.run("doctor")

    assert 1 == done.code
    assert "❌ State:" in done.out
    assert "Restore a backup, or move the file away" in done.out


def test_python_of_the_project(place, order):
    """The project of the folder has a line where Cloudflare would run another Python."""
    place.write("wrangler.jsonc", '{"main": "order.py", "compatibility_date": "2025-11-02"}')

    done = place.run("doctor")

    assert 0 == done.code
    assert "Cloudflare runs Python 3.13 for this compatibility_date; Python 3.14 runs here." in done.out


def test_broken_project(place):
    """A configuration that cannot be used is a finding with its place."""
    place.write("wrangler.toml", "main = 3")

    done = place.run("doctor")

    assert 1 == done.code
    assert "wrangler.toml:1: main is 3; it must be a string." in done.out


def test_ledger_that_does_not_answer(place):
    """The database of a state is looked at in the place of a file, and its password is not repeated."""
    done = place.run("doctor", "--state", "postgres://x:secret@127.0.0.1:1/none")

    assert 1 == done.code
    assert "❌ Database:" in done.out
    assert "the database does not answer" in done.out
    assert "secret" not in done.out
