"""The parts of a wrangler configuration that every Worker has: places, environments, keys, bindings, secrets."""

import json

import pytest

from stepwell.compatibility import python_difference
from stepwell.config.document import read_document
from stepwell.config.keys import KEYS, Scope
from stepwell.exceptions import InputError
from stepwell.wrangler import load_config


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.delenv("CLOUDFLARE_ENV", raising=False)
    (tmp_path / "entry.py").write_text("")

    def write(config, name="wrangler.jsonc"):
        path = tmp_path / name
        path.write_text(config if isinstance(config, str) else json.dumps(config))
        return path

    return write


JSONC = """{
  // the Worker
  "main": "entry.py", /* a comment
  of two lines, "workflows": [] */
  "workflows": [
    {
      "binding": "A",
      "name": "a//b", // not a comment before it
    },
  ],
  "vars": {
    "URL": "http://x/*y*/",
  },
}"""

TOML = """main = "entry.py"
vars.URL = "x"

[[workflows]]
binding = "A"
name = "a"

[[workflows]]
binding = "B"
name = "b"
limits = { steps = 0 }

[[queues.producers]]
binding = "Q"

[env.staging.vars]
"two words" = [
  1,
  { three = 3 },
]
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ((), 1),
        (("main",), 3),
        (("workflows",), 5),
        (("workflows", 0), 6),
        (("workflows", 0, "name"), 8),
        (("workflows", 0, "class_name"), 6),
        (("vars", "URL"), 12),
    ],
)
def test_lines_of_json(write, keys, line):
    """Each key has its line, comments and trailing commas or not; a missing one that of what should have it."""
    document = read_document(write(JSONC))

    assert line == document.line(keys)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("main",), 1),
        (("vars", "URL"), 2),
        (("workflows", 0, "name"), 6),
        (("workflows", 1), 8),
        (("workflows", 1, "limits", "steps"), 11),
        (("queues", "producers", 0, "binding"), 14),
        (("env", "staging", "vars", "two words", 1, "three"), 19),
    ],
)
def test_lines_of_toml(write, keys, line):
    """Tables, arrays of tables, dotted and quoted keys have their lines."""
    document = read_document(write(TOML, "wrangler.toml"))

    assert line == document.line(keys)


def test_strings_are_kept(write):
    """What looks like a comment in a string is part of it."""
    value = read_document(write(JSONC)).value

    assert ("a//b", "http://x/*y*/") == (value["workflows"][0]["name"], value["vars"]["URL"])


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ('{\n "main": entry\n}', "wrangler.jsonc", ":2: not JSON: Expecting value in column 10."),
        ('main = "a"\nmain = "b"\n', "wrangler.toml", ":2: not TOML: Cannot overwrite a value."),
        ("main = ", "wrangler.toml", ":1: not TOML: Invalid value."),
        ('{"a": NaN}', "wrangler.json", " is not JSON: NaN is not a number of JSON."),
    ],
)
def test_not_parsed(write, text, name, message):
    """A file that cannot be parsed is named with the line."""
    path = write(text, name)

    with pytest.raises(InputError) as caught:
        load_config(path)

    assert f"{path}{message}" == str(caught.value)


def test_mistake_has_its_line(write):
    """An error names file, line and key."""
    path = write('{\n "main": "entry.py",\n "workflows": [\n  {"binding": "A", "name": "a",\n   "class_name": 3}]}')

    with pytest.raises(InputError) as caught:
        load_config(path)

    assert f"{path}:5: workflows[0].class_name is 3; it must be a string." == str(caught.value)


# Environments ---------------------------------------------------------------------------------------------------------

LAYERED = {
    "name": "shop",
    "main": "entry.py",
    "compatibility_date": "2025-11-02",
    "vars": {"A": "top", "B": "top"},
    "triggers": {"crons": ["0 * * * *"]},
    "workflows": [{"binding": "W", "name": "w", "class_name": "W"}],
    "kv_namespaces": [{"binding": "KV", "id": "1"}],
    "env": {"staging": {"vars": {"A": "staging"}}, "prod": {"name": "store", "triggers": {"crons": []}}},
}


def test_environment_takes_over(write):
    """An environment takes over what wrangler's does, and lacks the rest."""
    project = load_config(write(LAYERED), "staging")

    assert "shop-staging" == project.script_name
    assert ({"A": "staging"}, ["0 * * * *"], [], {}) == (
        project.env,
        project.crons,
        project.workflows,
        project.worker_env,
    )


def test_environment_overrides(write):
    """An environment's own name and triggers win."""
    project = load_config(write(LAYERED), "prod")

    assert ("store", []) == (project.script_name, project.crons)


def test_environment_of_the_variable(write, monkeypatch):
    """`CLOUDFLARE_ENV` chooses where the option is absent; an empty option is the top level."""
    path = write(LAYERED)
    monkeypatch.setenv("CLOUDFLARE_ENV", "prod")

    assert "store" == load_config(path).script_name
    assert "shop-staging" == load_config(path, "staging").script_name
    assert "shop" == load_config(path, "").script_name


def test_environment_lacks_keys(write):
    """What is likely missing in an environment is a warning."""
    path = write(LAYERED)

    warnings = load_config(path, "staging").warnings

    where = "is at the top level only, and environment 'staging' does not take it over. Add it to"
    assert [
        f"{path}:1: workflows {where} env.staging.",
        f"{path}:1: kv_namespaces {where} env.staging.",
        f"{path}:1: vars.B {where} env.staging.vars.",
    ] == warnings


def test_no_such_environment(write):
    """An environment that is missing is refused with those that there are."""
    path = write(LAYERED)

    with pytest.raises(InputError, match=r"env has no environment 'stagin'\. Did you mean 'staging'"):
        load_config(path, "stagin")
    with pytest.raises(InputError, match="There are staging, prod"):
        load_config(path, "qqq")


def test_no_environments_at_all(write):
    """Where a configuration has no environments, its top level is used, with a warning."""
    path = write({"name": "shop", "main": "entry.py"})

    project = load_config(path, "staging")

    assert "shop-staging" == project.script_name
    assert [f"{path} has no environment 'staging'; its top level is used."] == project.warnings


def test_mistake_in_an_environment(write):
    """A mistake in an environment has its place there."""
    path = write('{"main": "entry.py",\n"env": {\n"a": {\n"vars": 3}}}')

    with pytest.raises(InputError) as caught:
        load_config(path, "a")

    assert f"{path}:4: env.a.vars is 3; it must be an object." == str(caught.value)


# Keys -----------------------------------------------------------------------------------------------------------------


def test_unknown_key(write):
    """A misspelt key is a warning with its line and the nearest one."""
    path = write('{"main": "entry.py",\n"compatability_date": "2025-11-02",\n"env": {"a": {\n"var": {}}}}')

    assert [
        f"{path}:2: unknown key compatability_date. Did you mean 'compatibility_date'?",
    ] == load_config(path).warnings
    assert f"{path}:4: unknown key env.a.var. Did you mean 'vars'?" in load_config(path, "a").warnings


def test_keys_of_other_places(write):
    """Keys that mean nothing for a program here are named once, by kind."""
    path = write(
        {
            "main": "entry.py",
            "observability": {},
            "routes": [],
            "minify": True,
            "build": {"command": "make"},
            "define": {"A": "1"},
        }
    )

    assert [
        "wrangler.jsonc:1: build has no effect here: its command is not run; run it before this one.",
        "wrangler.jsonc:1: define has no effect here: its names are not replaced in the code.",
        "wrangler.jsonc: observability, routes are for deployments to Cloudflare only.",
        "wrangler.jsonc: minify is for wrangler's bundler only.",
    ] == load_config(path).notes


def test_bindings(write):
    """Services lead to other Workers; a binding that is missing here is said at the start, and has an entry."""
    path = write(
        {
            "main": "entry.py",
            "services": [{"binding": "OTHER", "service": "other", "entrypoint": "Api", "props": {"a": 1}}],
            "hyperdrive": [{"binding": "PG", "id": "1"}],
            "send_email": [{"name": "MAIL"}],
            "ai": {"binding": "AI"},
        }
    )

    project = load_config(path)
    env = project.worker_env

    assert {"kind": "service", "service": "other", "entrypoint": "Api", "props": {"a": 1}} == project.worker_env[
        "OTHER"
    ]
    assert ["refused"] * 3 == [env[name]["kind"] for name in ("PG", "MAIL", "AI")]
    assert "env.PG cannot be used: Stepwell has no Hyperdrive binding (hyperdrive[0])." in env["PG"]["message"]
    assert (
        "wrangler.jsonc:1: env.PG is refused at its first use: Stepwell has no Hyperdrive binding (hyperdrive[0]). "
        "The rest of the Worker runs."
    ) in project.notes


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("kv_namespaces", {}, "kv_namespaces must be an array."),
        ("kv_namespaces", [{"id": "1"}], "kv_namespaces[0] needs 'binding', the name that `env` has for it."),
        ("hyperdrive", [3], "hyperdrive[0] is 3; it must be an object."),
        ("durable_objects", {"bindings": [{"class_name": "A"}]}, "durable_objects.bindings[0] needs 'name'"),
        ("services", [{"binding": "A"}], "services[0].service is missing."),
        ("durable_objects", {"bindings": [{"name": "A"}]}, "durable_objects.bindings[0].class_name is missing."),
        ("durable_objects", [], "durable_objects is"),
        (
            "hyperdrive",
            [{"binding": "A", "id": "1"}, {"binding": "A", "id": "2"}],
            "hyperdrive[1] has the name 'A', which hyperdrive[0] has already.",
        ),
    ],
)
def test_bindings_that_do_not_fit(write, key, value, message):
    """A binding without a name, or with another's, is refused with its place."""
    path = write({"main": "entry.py", key: value})

    with pytest.raises(InputError) as caught:
        load_config(path)

    assert str(caught.value).startswith(f"{path}:1: {message}")


def test_where_it_listens(write):
    """`dev` says where the development server listens."""
    project = load_config(write({"main": "entry.py", "dev": {"port": 9000, "ip": "::1"}}))

    assert (9000, "::1") == (project.dev_port, project.dev_ip)


@pytest.mark.parametrize(
    ("date", "flags", "python"),
    [
        ("2025-09-28", [], "3.12"),
        ("2025-09-29", [], "3.13"),
        ("2025-11-02", ["python_workers"], "3.13"),
        ("2026-09-07", [], "3.13"),
        ("2026-09-08", [], None),
        ("2025-11-02", ["python_workers_20260610"], None),
        ("2026-09-08", ["no_python_workers_20260610"], "3.13"),
        (None, [], None),
    ],
)
def test_python_of_the_date(write, date, flags, python):
    """A line says which Python Cloudflare would run, where it is another one."""
    dated = {} if date is None else {"compatibility_date": date}
    project = load_config(write({"main": "entry.py", "compatibility_flags": flags, **dated}))

    said = python_difference(project.cloudflare_python, {"name": "pyodide"})

    expected = f"Cloudflare runs Python {python} for this compatibility_date; Python 3.14 runs here."
    assert (None if python is None else expected) == said


# Secrets --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "environment", "said"),
    [
        ([".dev.vars", ".env"], None, ".dev.vars"),
        ([".dev.vars", ".dev.vars.staging"], "staging", ".dev.vars.staging"),
        ([".dev.vars"], "staging", ".dev.vars"),
        ([".env", ".env.local", ".env.staging"], None, ".env, .env.local"),
        ([".env", ".env.staging", ".env.staging.local"], "staging", ".env, .env.staging, .env.staging.local"),
    ],
)
def test_secret_files(write, tmp_path, files, environment, said):
    """The files that secrets are read from are named, and none of their values."""
    for file in files:
        (tmp_path / file).write_text("TOKEN=swordfish\n")

    project = load_config(write({"main": "entry.py", "env": {"staging": {}}}), environment)

    assert f"Secrets are read from {said}." in project.notes
    assert "swordfish" not in json.dumps(project.deployment())


def test_dot_env_files_may_be_off(write, tmp_path, monkeypatch):
    """`CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV=false` leaves `.dev.vars` alone."""
    monkeypatch.setenv("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false")
    (tmp_path / ".env").write_text("TOKEN=swordfish\n")

    project = load_config(write({"main": "entry.py"}))

    assert [] == project.notes
    assert False is project.secrets["dot_env"]


def test_every_key_has_one_scope():
    """The table knows what environments take over."""
    assert {"vars", "workflows", "services"} <= {name for name, key in KEYS.items() if key.scope is Scope.NOT_INHERITED}
    assert {"triggers", "name", "assets"} <= {name for name, key in KEYS.items() if key.scope is Scope.INHERITED}


def test_bundle(write, tmp_path):
    """Aliases and definitions of a Worker in JavaScript are its bundle's."""
    (tmp_path / "src").mkdir(exist_ok=True)
    (tmp_path / "src" / "worker.ts").write_text("export default {};")
    path = write({"main": "src/worker.ts", "alias": {"a": "./b.ts", "c": "d"}, "define": {"MODE": '"test"'}})

    project = load_config(path)

    bundle = {"alias": {"a": str(path.parent.resolve() / "b.ts"), "c": "d"}, "define": {"MODE": '"test"'}}
    assert {"name": "javascript", "bundle": bundle} == project.deployment()["runtime"]
    assert not any("alias" in note or "define" in note for note in project.notes)


@pytest.mark.parametrize("key", ["alias", "define"])
def test_bundle_that_does_not_fit(write, key):
    """A value that is no text is refused with its place."""
    path = write({"main": "entry.py", key: {"a": 1}})

    with pytest.raises(InputError, match=rf"{key}\.a is 1; it must be a string"):
        load_config(path)
