"""`stepwell run`, as a whole process on the real host."""

import json

import pytest


def test_output(place, order):
    """The output is JSON on stdout, the progress is on stderr, and the exit code is 0."""
    done = place.run("run", "order.py", "--params", '{"items": 3}')

    assert (0, {"shipped": 3}) == (done.code, done.json)
    assert "  reserve: complete in" in done.err
    assert "  reserve | reserving the goods\n" in done.err


def test_quiet(place, order):
    """With --quiet only the output is printed."""
    done = place.run("run", "order.py", "--quiet")

    assert ('{"shipped": 1}\n', "") == (done.out, done.err)


def test_json(place, order):
    """With --json the instance is printed with its steps."""
    done = place.run("run", "order.py", "--quiet", "--json", "--id", "a")

    assert "complete" == done.json["status"]
    assert {"reserve-1", "ship-1"} == {step["name"] for step in done.json["steps"]}
    assert ["reserving the goods"] == [line["text"] for line in done.json["logs"]]


def test_params_file(place, order):
    """Params come from a file, or from stdin."""
    place.write("params.json", '{"items": 5}')

    assert {"shipped": 5} == place.run("run", "order.py", "-q", "--params-file", "params.json").json
    assert {"shipped": 6} == place.run("run", "order.py", "-q", "--params-file", "-", stdin='{"items": 6}').json


def test_state_is_ignored(place, order):
    """The default state's folder keeps itself out of version control."""
    place.run("run", "order.py", "--quiet")

    assert place.state.exists()
    assert "*\n" == (place.folder / ".stepwell" / ".gitignore").read_text()


def test_state_elsewhere(place, order):
    """--state says where the state is; its folder is made."""
    place.run("run", "order.py", "--quiet", "--state", "there/it.sqlite")

    assert (place.folder / "there" / "it.sqlite").exists()
    assert not place.state.exists()


def test_folder(place):
    """A folder's configuration names the file, the workflows and the variables; modules beside it can be imported."""
    config = {
        "main": "src/entry.py",
        "workflows": [{"binding": "HELLO", "name": "hello", "class_name": "HelloWorkflow"}],
        "vars": {"GREETING": "Hello"},
    }
    place.write("app/wrangler.jsonc", "// ours\n" + json.dumps(config))
    place.write("app/src/greeting.py", "def greet(word, name):\n    return f'{word}, {name}!'\n")
    place.write(
        "app/src/entry.py",
        """
        from greeting import greet
        from workers import WorkflowEntrypoint

        class HelloWorkflow(WorkflowEntrypoint):
            async def run(self, event, step):
                return greet(self.env.GREETING, event["workflowName"])
        """,
    )

    done = place.run("run", "app", "--quiet")

    assert (0, "Hello, hello!", "") == (done.code, done.json, done.err)


def test_errored(place):
    """An error of the workflow is exit code 1, its own traceback before our words."""
    place.write(
        "bad.py",
        """
        from workers import WorkflowEntrypoint

        class BadWorkflow(WorkflowEntrypoint):
            async def run(self, event, step):
                raise LookupError("no such order")
        """,
    )

    done = place.run("run", "bad.py", "--id", "x", "--quiet")

    assert (1, "") == (done.code, done.out)
    before, _, last = done.err.strip().rpartition("\n")
    assert "Traceback (most recent call last):" in before
    assert 'raise LookupError("no such order")' in before
    assert "Instance 'x' of BadWorkflow errored: LookupError: no such order" == last


def test_finished_again(place, order):
    """A finished instance prints its output again, and nothing is run."""
    first = place.run("run", "order.py", "--id", "a", "--params", '{"items": 2}')

    again = place.run("run", "order.py", "--id", "a")

    assert first.json == again.json
    assert "  reserve: complete in" in again.err
    assert "reserving the goods" not in again.err


def test_other_params(place, order):
    """An existing instance cannot be given other params; the same ones are no change."""
    place.run("run", "order.py", "-q", "--id", "a", "--params", '{"items": 2}')

    done = place.run("run", "order.py", "-q", "--id", "a", "--params", '{"items": 3}')

    assert (2, "") == (done.code, done.out)
    assert "Instance 'a' of OrderWorkflow exists with other params." in done.err
    assert 0 == place.run("run", "order.py", "-q", "--id", "a", "--params", '{"items": 2.0}').code


SEVERAL = """
    from workers import WorkflowEntrypoint

    class OrderWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            return "order"

    class RefundWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            return "refund"
"""


@pytest.mark.parametrize("arguments", [("app.py:RefundWorkflow",), ("app.py", "--workflow", "RefundWorkflow")])
def test_choice(place, arguments):
    """Of several workflows one is chosen by its class."""
    place.write("app.py", SEVERAL)

    assert "refund" == place.run("run", *arguments, "--quiet").json


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("app.py",),
            "TARGET 'app.py' has 2 workflows: OrderWorkflow, RefundWorkflow. Choose one with --workflow CLASS.",
        ),
        (("app.py:Nope",), "TARGET 'app.py:Nope' has no workflow class 'Nope'. It has: OrderWorkflow, RefundWorkflow."),
        (
            ("app.py", "--workflow", "Nope"),
            "TARGET 'app.py' has no workflow class 'Nope'. It has: OrderWorkflow, RefundWorkflow.",
        ),
        (("app.py:OrderWorkflw",), "has no workflow class 'OrderWorkflw'. Did you mean 'OrderWorkflow'? It has: "),
        (("app.py:A", "--workflow", "B"), "TARGET names the class A, --workflow names B; give one of them."),
        (("nope.py",), "TARGET 'nope.py' does not exist."),
        (("app.py", "--params", "{"), "--params is not JSON: Expecting property name"),
        (("app.py", "--id", "no spaces"), "Instance id is 'no spaces'; letters, digits, '_' and '-' are allowed"),
        (("app.py", "--id", "batch"), "Instance id 'batch' is reserved; choose another."),
        (("app.py", "--id", "latest"), "Instance id 'latest' is reserved; choose another."),
        (("app.py", "--frobnicate"), "No such option"),
        (("app.py", "--state", "."), "State '.' is a folder."),
        (("app.py", "--state", "/dev/null"), "State '/dev/null' is not a file."),
        (
            ("app.py", "--state", "app.py/x"),
            "/app.py' cannot be the folder of the state: it is a file. Give another path",
        ),
        (("app.py", "--state", "app.py/x/y"), "/app.py' is a file. Give another path with --state."),
    ],
)
def test_usage(place, arguments, message):
    """A mistake on the command line is exit code 2 and a sentence."""
    place.write("app.py", SEVERAL)

    done = place.run("run", *arguments)

    assert (2, "") == (done.code, done.out)
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("from workers import WorkflowEntrypoint\nclass A(WorkflowEntrypoint)\n    pass\n", "SyntaxError: "),
        ("x = 1\nraise RuntimeError('at import')\n", "RuntimeError: at import"),
        ("import nosuchmodule\n", "ModuleNotFoundError: No module named 'nosuchmodule'"),
    ],
)
def test_import_fails(place, source, words):
    """Code that does not load is exit code 2, the user's traceback first."""
    place.write("app.py", source)

    done = place.run("run", "app.py")

    assert 2 == done.code
    first, *_, last = done.err.strip().splitlines()
    assert first.lstrip().startswith(("Traceback (most recent call last):", 'File "'))
    assert "app.py" in done.err
    assert last.startswith("Error: ")
    assert words in last


def test_no_workflow(place):
    """A file without a workflow says what would be one."""
    place.write("app.py", "x = 1\n")

    done = place.run("run", "app.py")

    assert 2 == done.code
    assert "no class in it extends WorkflowEntrypoint" in done.err


def test_config_class_missing(place):
    """A configured class that the file does not have is told with those it has."""
    config = {"main": "app.py", "workflows": [{"binding": "A", "name": "a", "class_name": "Nope"}]}
    place.write("wrangler.json", json.dumps(config))
    place.write("app.py", SEVERAL)

    done = place.run("run", ".")

    assert 2 == done.code
    assert "has no class Nope" in done.err
    assert "Found: OrderWorkflow, RefundWorkflow." in done.err


def test_config_warning(place):
    """A misspelt key is a warning, and the workflow runs."""
    config = {
        "main": "order.py",
        "workflows": [{"binding": "A", "name": "a", "class_name": "OrderWorkflow", "limit": 1}],
    }
    place.write("wrangler.json", json.dumps(config))
    place.write("order.py", SEVERAL)

    done = place.run("run", ".", "--quiet")

    assert (0, "order") == (done.code, done.json)
    assert "Warning: wrangler.json:1: workflows[0] has the unknown key 'limit'; did you mean 'limits'?" in done.err


def test_params_too_large(place, order):
    """Params have upstream's limit."""
    place.write("params.json", json.dumps("x" * ((1 << 20) + 1)))

    done = place.run("run", "order.py", "--params-file", "params.json")

    assert 2 == done.code
    assert "Maximum allowed size is 1MiB" in done.err


RACES = """
    import asyncio

    from workers import WorkflowEntrypoint


    class Races(WorkflowEntrypoint):
        async def run(self, event, step):
            async def chain(name, seconds):
                @step.do(f"fetch {name}")
                async def fetch():
                    await asyncio.sleep(seconds)
                    return name

                got = await fetch()
                print("got", got)

                @step.do("save")
                async def save():
                    return f"saved {got}"

                return [name, await save()]

            both = await asyncio.gather(chain("slow", 1), chain("fast", 0))
            await step.sleep("nap", 1)
            return both
"""


@pytest.mark.parametrize("options", [(), ("--force-replay",)], ids=["live", "replayed"])
def test_replay_is_not_seen(place, options):
    """A run that is replayed after each step gives and prints what one does that is not."""
    place.write("races.py", RACES)

    done = place.run("run", "races.py", "--json", *options)

    assert 0 == done.code, done.err
    assert [["slow", "saved slow"], ["fast", "saved fast"]] == done.json["output"]
    assert ["got fast", "got slow"] == [line["text"] for line in done.json["logs"] if line["text"].startswith("got")]


def test_replays_are_forced(place):
    """With --force-replay run() is called again after each step; without it once."""
    place.write(
        "counted.py",
        """
        from pathlib import Path
        from workers import WorkflowEntrypoint

        class Counted(WorkflowEntrypoint):
            async def run(self, event, step):
                with Path(event["payload"]).open("a") as calls:
                    calls.write("called\\n")
                for number in range(3):
                    @step.do(f"step {number}")
                    async def count():
                        return number

                    await count()
        """,
    )
    calls = {}
    for options in ((), ("--force-replay",)):
        file = place.folder / f"calls{len(options)}"
        done = place.run("run", "counted.py", "--runtime", "cpython", "--params", f'"{file}"', "-q", *options)
        assert 0 == done.code, done.err
        calls[options] = len(file.read_text().splitlines())

    assert 1 == calls[()]
    assert calls["--force-replay",] > 3
