"""The suite that compares the languages, from the command line: what it prints, and its exit codes."""

import pytest

DOUBLING = """
const python = `
  @step.do("double")
  async def double():
      return event["payload"]["n"] * 2
  return await double()`;
const javascript = `return await step.do("double", async () => event.payload.n * 2);`;
const scenario = { name: "mine: doubling", params: { n: 4 }, python, javascript };
"""


def mine(place, text):
    """Write a module of scenarios, and give the arguments with which it is run."""
    place.write("mine.js", DOUBLING + text)
    return "conformance", "--scenarios", "mine.js", "--target", "javascript"


def test_own_suite(place):
    """The suite runs from an installation and prints scenario by target."""
    done = place.run("conformance", "-k", "steps: one step", "--target", "javascript")

    assert (0, "javascript: 1 same") == (done.code, done.out.splitlines()[-1])


def test_same(place):
    """Scenarios that are handed in are run in place of the suite's own."""
    done = place.run(*mine(place, "export default [{ ...scenario, expect: { output: 8 } }];"))

    assert (0, "mine: doubling  same", "javascript: 1 same") == (done.code, *done.out.splitlines()[-2:])


def test_undeclared_difference(place):
    """An outcome that is another than expected is shown, and the exit code says so."""
    done = place.run(*mine(place, "export default [{ ...scenario, expect: { output: 9 } }];"))

    assert 1 == done.code
    assert "FAILED javascript: mine: doubling\n  output: expected 9, got 8\n" in done.out
    assert "javascript: 0 same, 1 failed" == done.out.splitlines()[-1]


def test_undeclared_difference_in_one_language(place):
    """It is enough that one of the languages comes to something else."""
    place.write("mine.js", DOUBLING + "export default [{ ...scenario, python: 'return 9', expect: { output: 8 } }];")
    done = place.run("conformance", "--scenarios", "mine.js", "--target", "javascript", "--target", "cpython")

    assert (1, "javascript: 1 same", "cpython: 0 same, 1 failed") == (done.code, *done.out.splitlines()[-2:])


def test_declared_difference(place):
    """A difference that the scenario declares, with a reason, is none to complain of."""
    done = place.run(
        *mine(place, "export default [{ ...scenario, expect: { output: 9 }, differs: { javascript: 'it is 8' } }];")
    )

    assert (0, "javascript: 0 same, 1 differs") == (done.code, done.out.splitlines()[-1])


def test_target_that_breaks_down(place):
    """A target that does not work is not taken for a declared difference."""
    broken = "{ ...scenario, drive: (run) => run.event('go'), differs: { javascript: 'no' }, expect: {} }"
    done = place.run(*mine(place, f"export default [{broken}];"))

    assert 1 == done.code
    assert "javascript: 0 same, 1 failed" == done.out.splitlines()[-1]


def test_declared_difference_that_is_none(place):
    """What is declared to differ has to."""
    done = place.run(
        *mine(place, "export default [{ ...scenario, expect: { output: 8 }, differs: { javascript: 'it is 9' } }];")
    )

    assert 1 == done.code
    assert "  is declared to differ (it is 9), and does not\n" in done.out


def test_one_failure_among_repetitions(place):
    """A scenario that fails once in several runs has failed."""
    done = place.run(
        *mine(
            place,
            """
let runs = 0;
const drive = async (run) => {
  runs += 1;
  await run.create({ n: runs });
  await run.finish();
};
export default [{ ...scenario, drive, expect: { output: 2 } }];""",
        ),
        "--repeat",
        "3",
    )

    assert (1, "javascript: 0 same, 1 failed") == (done.code, done.out.splitlines()[-1])


def test_target_by_its_runtime(place):
    """Runtime pyodide is the target that the table calls python."""
    done = place.run("conformance", "--quiet", "--target", "pyodide", "-k", "to change the event does not")

    assert 0 == done.code
    assert done.out.splitlines()[-1].startswith("python: ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--target", "jython"), 'There is no target "jython". There are python, '),
        (("-k", "no such thing"), 'No scenario\'s name contains "no such thing".'),
        (("--repeat", "0"), "Invalid value for '--repeat'"),
        (("--scenarios", "nowhere.js"), "There are no scenarios in nowhere.js: there is no such file or folder."),
        (("--scenarios", "empty.js"), "empty.js has no default export that is a list of scenarios."),
        (("--scenarios", "nameless.js"), "Scenario 1 of nameless.js has no name; see scenario.d.ts."),
        (("--scenarios", "broken.js"), "The scenarios of broken.js cannot be loaded: "),
        (("--such", "option"), "No such option '--such'"),
    ],
)
def test_bad_arguments(place, arguments, says):
    """What cannot be run at all is told from what fails: exit code 2."""
    place.write("empty.js", "export {};")
    place.write("nameless.js", "export default [{ python: 'pass', expect: {} }];")
    place.write("broken.js", "export default [")
    done = place.run("conformance", *arguments)

    assert 2 == done.code
    assert says in done.out + done.err


def test_target_that_cannot_be_run(place):
    """To ask for a target that cannot be run here is a failure, and it says what is missing."""
    place.environment["STEPWELL_HOST_PYTHON"] = "nowhere"
    done = place.run("conformance", "-k", "steps: one step", "--target", "wasmtime")

    assert 1 == done.code
    assert "wasmtime: not run. wasmtime is not installed" in done.out
