"""The wrangler configuration: what is read of it, and what is said about mistakes."""

import json

import pytest

from stepwell.exceptions import InputError
from stepwell.project import WorkflowSetting
from stepwell.project_loader import load_project
from stepwell.target import find_target
from stepwell.wrangler import load_config


@pytest.fixture
def write(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "entry.py").write_text("")

    def write(config, name="wrangler.jsonc"):
        path = tmp_path / name
        path.write_text(config if isinstance(config, str) else json.dumps(config))
        return path

    return write


ORDERS = {"binding": "ORDERS", "name": "orders", "class_name": "OrderWorkflow"}


def test_jsonc(write, tmp_path):
    """Comments and trailing commas are allowed, and other products' keys are theirs."""
    path = write("""{
        // what runs
        "name": "shop",
        "main": "src/entry.py",
        "compatibility_flags": ["python_workers"],
        "workflows": [
            {"binding": "ORDERS", "name": "orders", "class_name": "OrderWorkflow", "limits": {"steps": 50}},
        ],
        "vars": {"CURRENCY": "EUR", "nested": {"a": [1]}}, /* for self.env */
    }""")

    project = load_config(path)

    assert tmp_path / "src" / "entry.py" == project.main
    assert [WorkflowSetting("orders", "OrderWorkflow", 50)] == project.workflows
    assert {"CURRENCY": "EUR", "nested": {"a": [1]}} == project.env
    assert [] == project.warnings


def test_toml(write):
    """TOML says the same."""
    path = write(
        """
        main = "src/entry.py"
        [[workflows]]
        binding = "ORDERS"
        name = "orders"
        class_name = "OrderWorkflow"
        [vars]
        CURRENCY = "EUR"
        """,
        "wrangler.toml",
    )

    project = load_config(path)

    assert ([WorkflowSetting("orders", "OrderWorkflow")], {"CURRENCY": "EUR"}) == (project.workflows, project.env)


def test_settings(write):
    """What a workflow is limited to, and the names under which the code has workflows, reach the host."""
    limited = {
        **ORDERS,
        "concurrency": {"limit": 3},
        "default_retention": {"success_retention": "1 day", "error_retention": 5000},
    }
    other = {"binding": "OTHER", "name": "other", "class_name": "Other", "script_name": "elsewhere"}
    exports = {"HTTPOrderFlow": {"type": "workflow"}}

    project = load_config(write({"main": "src/entry.py", "workflows": [limited, other], "exports": exports}))
    deployment = project.deployment()

    assert {"ORDERS": "orders", "OTHER": "other", "HTTP_ORDER_FLOW": "HTTPOrderFlow"} == deployment["bindings"]
    assert deployment["workflows"][0] == {
        "name": "orders",
        "class_name": "OrderWorkflow",
        "concurrency": {"limit": 3},
        "default_retention": {"success_retention": "1 day", "error_retention": 5000},
    }
    assert [] == project.warnings


def test_exports(write):
    """Workflows may be declared as exports."""
    exports = {"OrderWorkflow": {"type": "workflow", "name": "orders"}, "Counter": {"type": "durable_object"}}

    project = load_config(write({"main": "src/entry.py", "exports": exports}))

    assert [WorkflowSetting("orders", "OrderWorkflow")] == project.workflows


def test_other_script(write):
    """Another Worker's workflow is not ours to run."""
    workflows = [
        ORDERS,
        {**ORDERS, "name": "other", "script_name": "elsewhere"},
        {**ORDERS, "name": "own", "script_name": "me"},
    ]

    project = load_config(write({"name": "me", "main": "src/entry.py", "workflows": workflows}))

    assert ["orders", "own"] == [workflow.name for workflow in project.workflows]


def test_unknown_keys(write):
    """A misspelt key of a workflow is a warning with the nearest one; `limits` too."""
    workflow = {**ORDERS, "zzz": "X", "limit": {"steps": 1}, "limits": {"step": 3, "steps": 30_000}}

    path = write({"main": "src/entry.py", "workflows": [workflow]})

    known = "binding, name, class_name, script_name, limits, concurrency, default_retention, schedules, jurisdiction"
    assert [
        f"{path}:1: workflows[0] has the unknown key 'zzz'; known are {known}, remote.",
        f"{path}:1: workflows[0] has the unknown key 'limit'; did you mean 'limits'?",
        f"{path}:1: workflows[0].limits has the unknown key 'step'; did you mean 'steps'?",
        f"{path}:1: workflows[0].limits.steps is 30,000; upstream allows at most 25,000.",
    ] == load_config(path).warnings


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "main is missing. A project without it has `assets` with a `directory`, and no code."),
        ([], "the file is an array; it must be an object."),
        ({"main": 3}, "main is 3; it must be a string."),
        ({"main": "src/lib.rs"}, "main is 'src/lib.rs', whose name ends in none of .py, .js, .mjs, .ts, .mts."),
        ({"main": "src/nope.py"}, "main is 'src/nope.py', and there is no such file."),
        ({"main": "src/entry.py", "workflows": {}}, "workflows is an object; it must be an array."),
        (
            {"main": "src/entry.py", "workflows": [{**ORDERS, "name": 5}]},
            "workflows[0].name is 5; it must be a string.",
        ),
        (
            {"main": "src/entry.py", "workflows": [{"binding": "A", "name": "a"}]},
            "workflows[0].class_name is missing.",
        ),
        (
            {"main": "src/entry.py", "workflows": [{**ORDERS, "limits": {"steps": 0}}]},
            "workflows[0].limits.steps is 0; it must be 1 or more.",
        ),
        (
            {"main": "src/entry.py", "workflows": [{**ORDERS, "limits": {"steps": 1.5}}]},
            "workflows[0].limits.steps is 1.5; it must be a whole number.",
        ),
        (
            {"main": "src/entry.py", "workflows": [{**ORDERS, "name": "a" * 65}]},
            "workflows[0].name is 65 characters long; the limit is 64.",
        ),
        (
            {"main": "src/entry.py", "workflows": [{**ORDERS, "name": "-a"}]},
            "workflows[0].name is '-a'; letters, digits, '_' and '-' are allowed, and no '-' at the start.",
        ),
        (
            {"main": "src/entry.py", "workflows": [ORDERS, ORDERS]},
            "workflows[1].name is 'orders', which another workflow has already.",
        ),
        ({"main": "src/entry.py", "vars": ["a"]}, "vars is an array; it must be an object."),
    ],
)
def test_mistakes(write, config, message):
    """A mistake is told with its file, its place, what was got and what is allowed."""
    path = write(config)

    with pytest.raises(InputError) as caught:
        load_config(path)

    assert f"{path}:1: {message}" == str(caught.value)


@pytest.mark.parametrize(("name", "language"), [("wrangler.jsonc", "JSON"), ("wrangler.toml", "TOML")])
def test_not_the_language(write, name, language):
    """A file that cannot be parsed is told with the place."""
    path = write('{"main": ', name)

    with pytest.raises(InputError, match=f"^{path}:1: not {language}: "):
        load_config(path)


@pytest.mark.parametrize("given", ["0 * * * *", ["0 * * * *", "*/5 * * * *"]])
def test_schedules(write, given):
    """One schedule, or a list of them; the host says whether they can be kept."""
    project = load_config(write({"main": "src/entry.py", "workflows": [{**ORDERS, "schedules": given}]}))

    assert [] == project.warnings
    (deployed,) = project.deployment()["workflows"]
    assert ([given] if isinstance(given, str) else given) == deployed["schedules"]


def test_triggers(write):
    """A Worker's own cron triggers are no workflow's: they call its scheduled handler."""
    project = load_config(
        write({"main": "src/entry.py", "triggers": {"crons": ["0 * * * *"]}, "workflows": [ORDERS]}),
    )

    assert (["0 * * * *"], []) == (project.crons, project.warnings)


@pytest.mark.parametrize("key", ["schedules", "limits", "concurrency", "default_retention", "jurisdiction"])
def test_settings_of_others(write, key):
    """What another Worker's workflow is like is said in its own configuration."""
    settings = {
        "schedules": "0 * * * *",
        "limits": {"steps": 5},
        "concurrency": {"limit": 1},
        "default_retention": {"success_retention": 1},
        "jurisdiction": "eu",
    }
    path = write({"main": "src/entry.py", "workflows": [{**ORDERS, "script_name": "other", key: settings[key]}]})

    with pytest.raises(InputError, match=rf"workflows\[0\]\.{key} cannot be set here: .* 'other'"):
        load_config(path)


def test_key_of_many_parts(tmp_path):
    """A dotted key with thousands of parts is read, or refused, as every other key."""
    (tmp_path / "flow.py").write_text("")
    (tmp_path / "wrangler.toml").write_text(f'main = "flow.py"\n{"a." * 3000}b = 1\n')

    project = load_project(find_target(str(tmp_path)))

    assert any("unknown key a" in warning for warning in project.warnings)


def test_integer_of_many_digits(tmp_path):
    """An integer that Python does not read is a mistake in the configuration."""
    (tmp_path / "wrangler.toml").write_text(f'main = "flow.py"\na = {"1" * 5000}\n')

    with pytest.raises(InputError, match="is not TOML: Exceeds the limit"):
        load_config(tmp_path / "wrangler.toml")
