"""docs/scale.md: the commands, with addresses of the test's own database."""

import shlex

from documents import block

FLOW = """
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        return await step.do("one", async () => "done");
      }
    }
"""


def arguments(line, **places):
    """The arguments of a command of Stepwell, with the page's addresses and paths replaced."""
    stepwell, *words = shlex.split(line)
    assert "stepwell" == stepwell
    return [places.get(word, word) for word in words]


def prepare(machine):
    machine.write("app/flow.mjs", FLOW)
    machine.write(
        "app/wrangler.json",
        '{"name": "app", "main": "flow.mjs", "workflows": [{"binding": "F", "name": "flow", "class_name": "Flow"}]}',
    )


def created(machine, state):
    return machine.run("workflows", "trigger", "flow", "--id", "a", "--state", state).code


def test_a_state_behind_a_router(machine):
    prepare(machine)
    command = block("scale.md", "/var/lib/app/state.sqlite").text.splitlines()[-1]
    port = {"8787": "0", "/var/lib/app/state.sqlite": "own.sqlite"}
    machine.start(*arguments(command, **port)).read_until("Ready on ")

    assert 0 == created(machine, "own.sqlite")


def test_a_state_in_postgresql(cluster, machine):
    prepare(machine)
    state = cluster.address()
    command = block("scale.md", "password@db.example/app'").text
    [shown] = [word for word in shlex.split(command) if word.startswith("postgres:")]
    machine.start(*arguments(command, **{shown: state})).read_until("Serving")

    assert 0 == created(machine, state)


def test_several_engines(cluster, machine):
    prepare(machine)
    state = cluster.address(engines="several")
    command = block("scale.md", "?engines=several'").text.splitlines()[-1]
    [shown] = [word for word in shlex.split(command) if word.startswith("postgres:")]
    machine.start(*arguments(command, **{shown: state})).read_until("Serving")

    assert 0 == created(machine, state)


def test_a_state_moves_to_postgresql_and_back(cluster, machine):
    prepare(machine)
    assert 0 == machine.run("run", "app", "--id", "a", "-q").code
    state = cluster.address()
    there, back = block("scale.md", "copy.sqlite").text.splitlines()
    address = {"postgres://user@db.example/app": state}

    assert 0 == machine.run(*arguments(there, **address)).code
    assert 0 == machine.run(*arguments(back, **address)).code
    listed = machine.run("workflows", "instances", "list", "flow", "--json", "--state", "copy.sqlite").json
    assert ["a"] == [each["id"] for each in listed]
