"""The wheel: what is in it, and that it works far from here on a machine that has nothing of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MB = 41

# What of npm's the host runs, and the playground's workers besides; the rest of its packages is in its bundles.
SERVED = {
    "@hono",
    "croner",
    "dotenv",
    "dotenv-expand",
    "fflate",
    "hono",
    "html-rewriter-wasm",
    "pyodide",
    "ws",
    "zod",
}
# PostgreSQL's client and what it needs.
LEDGER = {
    "pg",
    "pg-connection-string",
    "pg-int8",
    "pg-pool",
    "pg-protocol",
    "pg-types",
    "pgpass",
    "postgres-array",
    "postgres-bytea",
    "postgres-date",
    "postgres-interval",
    "split2",
    "xtend",
}
# What draws workflows, and reads JavaScript on every platform.
DRAWN = {"@dagrejs", "@emnapi", "@napi-rs", "@oxc-parser", "@oxc-project", "@tybys", "oxc-parser", "tslib"}
WORKED = {"@sqlite.org"}
# What metrics and traces are made by, and what bundles JavaScript.
MEASURED = {"@opentelemetry", "bintrees", "prom-client", "tdigest"}
BUNDLES = {"esbuild-wasm"}
PYODIDE_CORE = {
    "package.json",
    "pyodide-lock.json",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "pyodide.mjs",
    "python_stdlib.zip",
}

pytestmark = pytest.mark.timeout(600)


def run(*command: str | Path, folder: Path, environment: dict[str, str] | None = None) -> str:
    """Run a command to its good end."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def dist(tmp_path_factory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, folder=folder)
    return folder


@pytest.fixture(scope="session")
def wheel(dist) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def members(wheel) -> list[PurePosixPath]:
    with zipfile.ZipFile(wheel) as archive:
        return [PurePosixPath(name) for name in archive.namelist()]


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory) -> Path:
    """The scripts of a virtual environment that has the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    scripts = folder / "bin"
    run(scripts / "python", "-m", "pip", "install", "--quiet", wheel, folder=folder)
    return scripts


@pytest.fixture
def away(tmp_path) -> Path:
    """An empty folder."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """Nothing of this machine's Node, and a cache of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("STEPWELL", "PYTHON", "NODE"))}
    return {**kept, "PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")}


def test_name(wheel):
    """One wheel serves every platform: Node comes from elsewhere."""
    assert wheel.name.endswith("-py3-none-any.whl")


def test_notices(wheel, members):
    """The wheel has the notices and the list of what it carries, and that list has every package of npm in it."""
    with zipfile.ZipFile(wheel) as archive:
        (sbom,) = [name for name in archive.namelist() if name.endswith(".dist-info/sboms/sbom.cdx.json")]
        listed = {each["name"] for each in json.loads(archive.read(sbom))["components"]}
    carried = [path.parts[3:] for path in members if path.parts[:3] == ("stepwell", "_host", "node_modules")]
    names = {"/".join(parts[:2]) if parts[0].startswith("@") else parts[0] for parts in carried}

    assert [path for path in members if path.name == "THIRD_PARTY_NOTICES.txt"]
    assert set() == names - listed


def test_top_level(members):
    """Only `stepwell` is at the top, and the path file of the guest's types."""
    names = {path.parts[0] for path in members if not path.parts[0].endswith(".dist-info")}
    assert {"stepwell", "stepwell_guest_types.pth"} == names


def test_layout(members):
    """The host's tree is laid out as in the repository."""
    names = set(map(str, members))
    for path in (
        "py.typed",
        "_host/package.json",
        "_host/js/server/main.js",
        "_host/bridge/values.py",
        "_host/runtime/pyodide/worker.js",
        "_host/py/workers/__init__.py",
        "_host/node_modules/hono/package.json",
        "_host/bundles/dashboard.json",
        "_host/bundles/playground.json",
    ):
        assert f"stepwell/{path}" in names


def test_snapshot(members):
    """The interpreter's snapshot comes along, and the script that starts it."""
    assert {".snapshot", ".js"} == {path.suffix for path in members if "snapshots" in path.parts}


def test_no_ballast(members):
    """Of npm's packages only what runs is there, of Pyodide its core, and nothing compiled of our own."""
    modules = [path for path in members if "node_modules" in path.parts]

    assert PYODIDE_CORE == {path.name for path in modules if path.parts[3] == "pyodide"}
    assert [] == [path for path in modules if path.suffix in {".ts", ".map", ".cts", ".mts"}]
    assert DRAWN | MEASURED >= {path.parts[3] for path in modules if path.suffix == ".cjs"}
    assert SERVED | LEDGER | WORKED | DRAWN | MEASURED | BUNDLES == {
        path.parts[3] for path in modules if not path.name.upper().startswith("LICEN")
    }
    # Projects that `stepwell init` makes have tests.
    assert [] == [
        path for path in members if {"__pycache__", "tests"} & set(path.parts) and "templates" not in path.parts
    ]


def test_licences(members):
    """Whoever's work comes along, their licence does too."""
    licensed = {path.parent.name for path in members if path.name == "LICENSE"}

    assert {"licenses", "croner", "hono", "node-server", "ws", "zod", "preact", "view"} <= licensed


def test_size(wheel):
    """It stays small enough to be passed around."""
    assert wheel.stat().st_size < LIMIT_MB * 1_000_000


def test_sdist(dist):
    """The source distribution has what the build needs, and nothing that was built."""
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {"/".join(PurePosixPath(name).parts[1:]) for name in archive.getnames()}

    assert {
        "hatch_build.py",
        "package-lock.json",
        ".npmrc",
        "js/server/main.js",
        "py/workers/__init__.py",
        "py/stepwell/cli.py",
    } <= names
    assert [] == [name for name in names if name.startswith(("node_modules", "build", "bundles", "snapshots"))]


def test_runs(installed, away, environment):
    """From an empty folder, with nothing on the path, an example runs; nothing is made that had to come along."""
    shutil.copy(ROOT / "examples" / "order.py", away)

    output = run(installed / "stepwell", "run", "order.py", "--quiet", folder=away, environment=environment)

    assert isinstance(json.loads(output), dict)
    # V8's own cache is made everywhere; a snapshot would take seconds.
    assert [] == [*Path(environment["XDG_CACHE_HOME"]).rglob("*.snapshot")]


@pytest.mark.parametrize("name", ["order.py", "order.ts"])
def test_draws(installed, away, environment, name):
    """Workflows of both languages are drawn from their source."""
    (away / "order.py").write_text(
        "from workers import WorkflowEntrypoint\nclass Order(WorkflowEntrypoint):\n"
        '    async def run(self, event, step):\n        await step.sleep("nap", "1 minute")\n'
    )
    (away / "order.ts").write_text(
        'import { WorkflowEntrypoint } from "cloudflare:workers";\nexport class Order extends WorkflowEntrypoint {\n'
        '  async run(event: any, step: any) {\n    await step.sleep("nap", "1 minute");\n  }\n}\n'
    )

    text = run(installed / "stepwell", "graph", name, folder=away, environment=environment)
    picture = run(installed / "stepwell", "graph", name, "--format", "svg", folder=away, environment=environment)

    assert "Order\n└─ sleep nap (1 minute)\n" == text
    assert picture.startswith("<svg ")


def test_doctor(installed, away, environment):
    """All is well there."""
    report = json.loads(run(installed / "stepwell", "doctor", "--json", folder=away, environment=environment))

    assert report["ok"]
    assert [] == [finding for finding in report["findings"] if finding["remedy"]]


def test_syncs(installed, away, environment):
    """The wheel can ask its interpreter what fits it, and install that."""
    (away / "flow.py").write_text("# /// script\n# dependencies = []\n# ///\n", encoding="utf-8")
    environment |= {"UV_NO_INDEX": "1", "UV_CACHE_DIR": str(away / "uv")}

    output = run(installed / "stepwell", "sync", "flow.py", folder=away, environment=environment)

    assert output == "pyodide: 0 packages locked in pylock.flow.toml, installed in flow.python_modules.\n"


def test_plays(installed, away, environment):
    """The playground's bundles are there: without the bundler and the packages in them, they could not be made."""
    run(installed / "stepwell", "playground", "--export", "site", folder=away, environment=environment)

    (page,) = away.glob("site/v/*/parts/page.js")
    assert "from './host.js'" in page.read_text(encoding="utf-8")


def test_no_workers(installed, away):
    """The guest SDK cannot be imported on the host."""
    script = "try: import workers\nexcept ModuleNotFoundError as error: print(error.name, error)"

    printed = run(installed / "python", "-c", script, folder=away)

    assert printed.startswith("workers workers is imported by workflows, which `stepwell run` starts.")


def test_workers_in_tests(installed, away):
    """The test kit's own `workers` comes before the types: tests import the classes of their workflows."""
    script = """
from stepwell.testing.guest_packages import mount_guest_packages

mount_guest_packages()
from workers import WorkflowEntrypoint
print(WorkflowEntrypoint.__name__)
"""

    assert "WorkflowEntrypoint" == run(installed / "python", "-c", script, folder=away).strip()


FLOW = """
from typing import Protocol

from workers import Response, WorkerEntrypoint, WorkflowEntrypoint
from workers.workflows import NonRetryableError


class Env(Protocol):
    GREETING: str


class Greeter(WorkflowEntrypoint):
    env: Env

    async def run(self, event: object, step: object) -> None:
        reveal_type(self.env.GREETING)
        raise NonRetryableError(self.env.GREETING)


class Default(WorkerEntrypoint):
    async def fetch(self, request: object) -> Response:
        return Response("hello")


WorkflowEntrypoint.no_such_name
"""


def check_types(installed, folder):
    """What mypy says of `FLOW` with the packages of the wheel's environment."""
    (folder / "flow.py").write_text(FLOW, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--python-executable", installed / "python", "--no-incremental", "flow.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_types(installed, away):
    """A type checker finds the names of `workers`, and takes the environment that a workflow declares."""
    pytest.importorskip("mypy")

    found = check_types(installed, away)

    assert 'Revealed type is "str"' in found, found
    assert '"type[WorkflowEntrypoint]" has no attribute "no_such_name"' in found
    assert "Found 1 error in 1 file" in found


def test_types_of_upstream(installed, away):
    """Cloudflare's own package has precedence over these types where it is installed."""
    pytest.importorskip("mypy")
    packages = Path(run(installed / "python", "-c", "import sysconfig as s; print(s.get_path('purelib'))", folder=away))
    other = Path(str(packages).strip()) / "workers"
    other.mkdir()
    try:
        (other / "py.typed").touch()
        (other / "__init__.py").write_text("class WorkflowEntrypoint: no_such_name: int\n", encoding="utf-8")

        found = check_types(installed, away)
    finally:
        shutil.rmtree(other)

    assert "no_such_name" not in found, found
