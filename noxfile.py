"""
The checks, as `nox` runs them: all of them by default, one by `nox -s lint`.

What follows `--` goes to the tool of the session: `nox -s tests-3.13 -- -k params`. What sessions install is in
nox_installs.py; how long they may take, in nox_budget.py.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from pathlib import Path

import nox

# The script `nox` does not look for modules here.
sys.path.append(str(Path(__file__).parent))
from nox_budget import budget
from nox_installs import (
    MERMAID,
    MINIFLARE,
    NODES,
    group,
    link_guest_packages,
    need_programs,
    npm_of,
    use_chromium,
    use_node,
    use_runtimes,
    use_stepwell,
    use_upstream_sdk,
)
from nox_release import (
    ReleaseError,
    add_tag,
    notes_of,
    refuse_changes,
    refuse_tag,
    version_of,
    write_sums,
)

nox.needs_version = ">=2025.10.16"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.11", "3.13", "3.14"]
"""The oldest has all of the tests, the others what can come out otherwise there. One that is not found is skipped."""
AUDIT_UNAVAILABLE = 69
"""The exit code of `notices/audit.py` where registries have no advisories."""


SIDE_BY_SIDE = min(4, max(2, os.cpu_count() or 1))
NODE_TEST = ["--test", f"--test-concurrency={SIDE_BY_SIDE}"]
"""Node would leave a processor to itself, one of two; much of their time tests wait."""


def node_tests(*folders: str) -> list[str]:
    """The test files under *folders*, so that an empty folder is not taken for a module."""
    return sorted(str(path) for folder in folders for path in Path(folder).rglob("*.test.js"))


WITHOUT_INTERPRETER = [
    "tests/engine",
    "tests/bridge",
    "tests/workers",
    "tests/server",
    "tests/graph",
    "tests/ledger",
    "tests/telemetry",
]
"""Folders of tests of the JavaScript that runs on Node alone. Few of them start a Pyodide of their own."""
WITH_INTERPRETER = ["tests/guest", "tests/handlers", "tests/objects", "tests/runtime"]
"""Folders of tests of the runtimes, each with its interpreters."""
SPELLED = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "PARITY.md", "SECURITY.md"]
SPELLED += ["docs", "bridge", "js", "runtime", "py", "conformance", "examples", "notices", "benchmarks", "noxfile.py"]
"""What codespell reads; `[tool.codespell]` in pyproject.toml has what it leaves out."""


@nox.session
@budget(1)
def lint(session: nox.Session) -> None:
    """Check style and formatting of both languages, spelling, and the words that people read."""
    session.install(*group("lint", "test"))
    node = use_node(session, NODES[0])
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run(node, "node_modules/oxlint/bin/oxlint", "--deny-warnings", external=True)
    session.run(node, "node_modules/oxfmt/bin/oxfmt", "--check", external=True)
    session.run("codespell", *SPELLED)
    session.run("pytest", "tests/prose")


@nox.session(default=False)
@budget(1)
def format(session: nox.Session) -> None:  # noqa: A001 - what one would type
    """Repair what the linters and formatters can repair."""
    session.install(*group("lint"))
    node = use_node(session, NODES[0])
    session.run("ruff", "check", "--fix", "--show-fixes")
    session.run("ruff", "format")
    session.run(node, "node_modules/oxlint/bin/oxlint", "--fix", external=True)
    session.run(node, "node_modules/oxfmt/bin/oxfmt", external=True)


@nox.session
@budget(2)
def types(session: nox.Session) -> None:
    """Check the types of both languages."""
    link_guest_packages()
    use_stepwell(session, *group("types"))
    node = use_node(session, NODES[0])
    session.run(
        "mypy",
        "noxfile.py",
        "nox_budget.py",
        "nox_installs.py",
        "nox_release.py",
        "hatch_build.py",
        "benchmarks/run.py",
    )
    session.run("mypy", "-p", "stepwell", "-p", "workers", "-p", "_workflows_bridge", *session.posargs)
    session.run("mypy", "-p", "workflow_graph", *session.posargs)
    session.run(
        "mypy", "-p", "_stepwell_runtime", "-p", "_stepwell_process", "-p", "_stepwell_cpython", *session.posargs
    )
    session.run("mypy", "-p", "_stepwell_wasmtime", *session.posargs)
    # Only ever imported by Pyodide's own Python, and by the component's.
    inside = ("mypy", "--python-version=3.14", "--follow-imports=silent")
    session.run(*inside, "-p", "_stepwell_pyodide", *session.posargs)
    session.run(*inside, "-p", "_stepwell_sandbox", *session.posargs)
    session.run(node, "node_modules/typescript/bin/tsc", external=True)


@nox.session
@nox.parametrize("node", NODES)
@budget(2)
def engine(session: nox.Session, node: str) -> None:
    """Run the tests of the engine, its store, the server, the bridge's JavaScript half and the SDK."""
    executable = use_node(session, node)
    session.run(executable, *NODE_TEST, *(session.posargs or node_tests(*WITHOUT_INTERPRETER)), external=True)


PYTHON_ALONE = [
    "tests/bridge",
    "tests/workers",
    "tests/graph",
    *(
        f"tests/cli/test_{name}.py"
        for name in ("cli", "description", "formatting", "progress", "responses", "target", "timeline", "wrangler")
    ),
]
"""Tests of modules of Python, which hardly start a process. They run in every Python."""

PYTHON_AND_PROCESSES = [
    f"tests/cli/test_{name}.py"
    for name in (
        "control_channel",
        "doctor",
        "identity",
        "interrupt",
        "node",
        "params",
        "printable",
        "run",
        "runtimes",
        "sync",
    )
]
"""
Tests of what else the Python that runs stepwell has a part in: signals, processes, terminals, and workflows that run in
it. They run in the oldest Python and in the newest. The others are about the host, guests with an interpreter of their
own, and sources: they run once.
"""


@nox.session(python=PYTHONS)
@budget(12)
def tests(session: nox.Session) -> None:
    """Run the tests of the command line and the bridge's Python half."""
    use_stepwell(session, *group("cli"))
    elsewhere = [
        "agents",
        "bindings",
        "clients",
        "crash",
        "fuzz",
        "postgres",
        "prose",
        "shared_soak",
        "soak",
        "telemetry",
        "testkit",
        "upstream",
        "wasmtime",
        "wheel",
    ]
    chosen = {PYTHONS[0]: ["tests"], PYTHONS[-1]: PYTHON_ALONE + PYTHON_AND_PROCESSES}.get(
        str(session.python), PYTHON_ALONE
    )
    if session.posargs:
        chosen = ["tests"]
    left_out = [f"--ignore=tests/{name}" for name in elsewhere]
    # They wait for processes more than they compute.
    workers = f"--numprocesses={SIDE_BY_SIDE + 1}"
    session.run("pytest", *chosen, workers, "--dist=worksteal", *left_out, *session.posargs)


@nox.session
@nox.parametrize("node", NODES)
@budget(3)
def guest(session: nox.Session, node: str) -> None:
    """Run the tests of the runtimes that Node starts, and of what they share."""
    executable = use_node(session, node)
    session.run(executable, *NODE_TEST, *(session.posargs or node_tests(*WITH_INTERPRETER)), external=True)


@nox.session(default=False)
@budget(15)
def postgres(session: nox.Session) -> None:
    """Run the tests of states in a real PostgreSQL, which the session starts and stops itself."""
    use_stepwell(session, *group("test"))
    use_node(session, NODES[0])
    session.run("pytest", "tests/postgres", *session.posargs)


@nox.session(default=False)
@budget(3)
def ledger(session: nox.Session) -> None:
    """Run the engine's tests over a ledger in memory: a crash loses the write that is under way, or only its answer."""
    executable = use_node(session, NODES[0])
    for outcome in ("lost", "arrived"):
        tests = session.posargs or node_tests("tests/engine")
        session.run(executable, *NODE_TEST, *tests, external=True, env={"STEPWELL_TEST_LEDGER": outcome})


@nox.session(default=False)
@budget(15)
def shared_soak(session: nox.Session) -> None:
    """
    Let engines that share a state, and their database, fail 4,000 times in virtual time, and 60 times in processes.

    Engines in processes also fire a hundred schedules, for STEPWELL_MINUTES (3), while some are killed and frozen.
    STEPWELL_SHARING_SEEDS and STEPWELL_FAULTS say how often; STEPWELL_SEED makes the same faults again.
    """
    use_stepwell(session, *group("test"))
    node = use_node(session, NODES[0])
    seeds = os.environ.get("STEPWELL_SHARING_SEEDS", "167")
    faults = [f"tests/ledger/{name}_faults.test.js" for name in ("sharing", "shared_queues")]
    session.run(node, "--test", *faults, external=True, env={"STEPWELL_SHARING_SEEDS": seeds})
    session.run("pytest", "tests/shared_soak", "-s", *session.posargs)


@nox.session
@budget(1)
def cost(session: nox.Session) -> None:
    """Count what a step costs: commits, rows, messages, bytes and crossings, not time."""
    executable = use_node(session, NODES[0])
    session.run(executable, *NODE_TEST, *(session.posargs or node_tests("tests/cost")), external=True)


@nox.session
@budget(4)
def conformance(session: nox.Session) -> None:
    """Run the same workflows in every runtime but Cloudflare's, which takes real time, and print one table."""
    node = use_runtimes(session)
    session.run(node, "conformance/main.js", *(session.posargs or ["--without", "cloudflare"]), external=True)


@nox.session
@budget(3)
def forced_replay(session: nox.Session) -> None:
    """Run the workflows of `conformance` with a replay after each step, sleep and wait, in both languages."""
    node = use_runtimes(session)
    targets = session.posargs or ["--target", "python", "--target", "javascript"]
    session.run(node, "conformance/main.js", "--quiet", "--force-replay", *targets, external=True)


@nox.session(default=False)
@nox.parametrize(
    "runtime", ["pyodide", "python-js-transport", "python-upstream-sdk", "wasmtime", "cpython", "javascript"]
)
@budget(2)
def runtime(session: nox.Session, runtime: str) -> None:
    """Run the workflows of `conformance` in one runtime. `browser` and `cloudflare` are sessions already."""
    node = use_runtimes(session)
    session.run(node, "conformance/main.js", "--quiet", "--target", runtime, *session.posargs, external=True)


@nox.session(python=["3.12", "3.13", "3.14"])
@budget(1)
def cpython(session: nox.Session) -> None:
    """Run the workflows of `conformance` in each CPython that is found besides its own; after `--`, tests instead."""
    session.env["STEPWELL_HOST_PYTHON"] = str(Path(session.bin) / "python")
    session.env["STEPWELL_RUNTIME"] = "cpython"
    node = use_node(session, NODES[0])
    if session.posargs:
        session.run(node, *NODE_TEST, *session.posargs, external=True)
    else:
        session.run(node, "conformance/main.js", "--quiet", "--target", "cpython", external=True)


@nox.session(default=False)
@budget(8)
def newest_node(session: nox.Session) -> None:
    """Run the engine's tests and the workflows of `conformance` on the newest Node that npm has for this machine."""
    oldest = use_node(session, NODES[0])
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
    package = f"node-{platform.system().lower()}-{machine}"
    folder = session.create_tmp()
    session.run(
        oldest, npm_of(oldest), "install", "--prefix", folder, "--ignore-scripts", f"{package}@latest", external=True
    )
    node = str(Path(folder) / "node_modules" / package / "bin" / "node")
    session.run(node, "--version", external=True)
    session.run(node, *NODE_TEST, *node_tests(*WITHOUT_INTERPRETER), external=True)
    targets = [part for name in ("python", "cpython", "javascript") for part in ("--target", name)]
    session.env["STEPWELL_HOST_PYTHON"] = str(Path(session.bin) / "python")
    session.run(node, "conformance/main.js", "--quiet", *targets, external=True)


@nox.session
@budget(4)
def wasmtime(session: nox.Session) -> None:
    """Run the tests of sandboxed interpreters, and the workflows of `conformance` in them."""
    use_stepwell(session, *group("wasmtime"))
    node = use_node(session, NODES[0])
    session.env["STEPWELL_HOST_PYTHON"] = str(Path(session.bin) / "python")
    if session.posargs:
        session.run(node, *NODE_TEST, *session.posargs, external=True)
        return
    session.run("pytest", "tests/wasmtime")
    session.run(node, *NODE_TEST, *node_tests("tests/wasmtime"), external=True)
    session.env["STEPWELL_RUNTIME"] = "wasmtime"
    session.run(node, *NODE_TEST, *node_tests("tests/guest/every_runtime"), external=True)


@nox.session(default=False)
@budget(2)
def mermaid(session: nox.Session) -> None:
    """Parse the flowcharts of `stepwell graph` with Mermaid itself."""
    node = use_node(session, NODES[0])
    # Not in the lock file: 200 MB, for one check.
    folder = Path(session.create_tmp()).resolve()
    npm = Path(node).parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
    session.run(node, str(npm), "install", "--prefix", str(folder), "--ignore-scripts", *MERMAID, external=True)
    session.env["STEPWELL_MERMAID"] = str(folder / "node_modules")
    session.run(node, *NODE_TEST, *(session.posargs or node_tests("tests/mermaid")), external=True)


@nox.session
@budget(5)
def browser(session: nox.Session) -> None:
    """Run the playground and the conformance scenarios in Chromium."""
    use_stepwell(session)
    node = use_node(session, NODES[0])
    use_chromium(session, node)
    project = Path(session.create_tmp())
    shutil.copy("tests/browser/flows/native.py", project)
    session.run("stepwell", "sync", str(project / "native.py"))
    session.env["STEPWELL_NATIVE_PACKAGES"] = str(project.resolve() / "native.python_modules")
    session.run(node, *NODE_TEST, *(session.posargs or node_tests("tests/browser")), external=True)


@nox.session(default=False)
@budget(3)
def firefox(session: nox.Session) -> None:
    """Run the playground in Firefox: that it works there."""
    if not shutil.which(os.environ.get("STEPWELL_FIREFOX", "firefox-esr")):
        session.skip("Firefox is missing: install Debian's package firefox-esr, or set STEPWELL_FIREFOX to its path.")
    node = use_node(session, NODES[0])
    session.run(node, *NODE_TEST, *(session.posargs or node_tests("tests/firefox")), external=True)


@nox.session(default=False)
@budget(20)
def cloudflare(session: nox.Session) -> None:
    """The same beside Cloudflare's local engine, and write the published results."""
    node = use_node(session, NODES[0])
    use_upstream_sdk(session)
    use_stepwell(session)
    session.env["STEPWELL_HOST_PYTHON"] = str(Path(session.bin) / "python")
    # Not in the lock file: its engine is a binary for each platform, and no check needs it.
    session.run(node, npm_of(node), "install", "--no-save", "--ignore-scripts", MINIFLARE, external=True)
    published = ("--parity", "conformance/parity.json", "--page", "PARITY.md")
    session.run(node, "conformance/main.js", "--quiet", *published, *session.posargs, external=True)


def use_agents(session: nox.Session) -> None:
    """Install the checkout, the frameworks, and Cloudflare's SDK."""
    use_stepwell(session, *group("agents"))
    use_node(session, NODES[0])


@nox.session
@budget(3)
def testkit(session: nox.Session) -> None:
    """Run the tests of the test kit, and suites that use it in every way."""
    use_stepwell(session, *group("testkit"))
    # The plugins are for the suites that these tests run.
    session.run("pytest", "-p", "no:asyncio", "-n", "2", "--dist=loadfile", "tests/testkit", *session.posargs)


@nox.session(default=False)
@budget(30)
def alarms(session: nox.Session) -> None:
    """Run the test kit's tools over sound workflows: conformance's, and those of STEPWELL_PUBLIC_WORKFLOWS."""
    use_stepwell(session, *group("test"))
    use_node(session, NODES[0])
    session.env["STEPWELL_ALARMS"] = "1"
    session.run("pytest", "-p", "no:asyncio", "--timeout=6000", "tests/testkit/alarms", *session.posargs)


@nox.session
@budget(6)
def agents(session: nox.Session) -> None:
    """Check the adapters for agent frameworks, run their tests and examples, and kill an agent a few times."""
    link_guest_packages()
    use_agents(session)
    session.run("mypy", "-p", "workers_pydantic_ai")
    session.run("pytest", "-n", "2", "--dist=loadgroup", "tests/agents", *session.posargs)


@nox.session(default=False)
@budget(60)
def agents_killed(session: nox.Session) -> None:
    """Kill an agent's workflow 200 times in each runtime that it runs in."""
    use_agents(session)
    session.env["STEPWELL_AGENT_KILLS"] = "200"
    session.run("pytest", "tests/agents/test_kill.py", "-s", *session.posargs)


@nox.session(default=False)
@budget(8)
def clients(session: nox.Session) -> None:
    """Use Cloudflare's own clients, of the folders that the variables in tests/clients/real_clients.py name."""
    use_stepwell(session, *group("test"))
    use_node(session, NODES[0])
    session.run("pytest", "tests/clients", *session.posargs)


@nox.session(default=False)
@budget(10)
def upstream(session: nox.Session) -> None:
    """Run Cloudflare's own tests of Workers, of the clones that the variables in tests/upstream name."""
    use_stepwell(session, *group("upstream"), "-e", ".[upstream-sdk]")
    use_node(session, NODES[0])
    if not os.environ.get("STEPWELL_BINDINGS"):
        # With `create_tmp` temporary folders are below the checkout: pytest and npm take its configuration for theirs.
        session.env["STEPWELL_BINDINGS"] = str(Path(session.virtualenv.location, "bindings").resolve())
        session.run("stepwell", "bindings", "install")
    session.run("pytest", "tests/upstream", *session.posargs)


@nox.session(default=False)
@budget(4)
def telemetry(session: nox.Session) -> None:
    """
    Send traces, metrics and logs to a receiver that is made of OpenTelemetry's messages, and kill the sender.

    Prometheus scrapes a server where it is installed: apt-get install prometheus.

    The long form: STEPWELL_TRACE_KILLS=50. STEPWELL_SEED makes the same kills again.
    """
    use_stepwell(session, *group("telemetry"))
    use_node(session, NODES[0])
    session.run("pytest", "tests/telemetry", *session.posargs)


@nox.session(default=False)
@budget(12)
def api_fuzz(session: nox.Session) -> None:
    """Send 10,000 requests that schemathesis makes up from the OpenAPI documents; none may be answered with a 5xx."""
    use_stepwell(session, *group("api-fuzz"))
    use_node(session, NODES[0])
    session.run("python", "tests/clients/api_fuzz.py", *session.posargs)


@nox.session
@budget(5)
def crash(session: nox.Session) -> None:
    """Kill everything at random moments, and go on."""
    use_stepwell(session, *group("test"))
    session.run("pytest", "tests/crash", *session.posargs)


@nox.session
@budget(3)
def bindings(session: nox.Session) -> None:
    """Install what carries out Cloudflare's bindings, and call them."""
    need_programs(session, ps="procps", ss="iproute2")
    use_stepwell(session, *group("test"))
    node = use_node(session, NODES[0])
    session.env["STEPWELL_BINDINGS"] = str(Path(session.create_tmp(), "bindings").resolve())
    session.run("stepwell", "bindings", "install")
    session.run(node, *NODE_TEST, *(session.posargs or node_tests("tests/bindings")), external=True)
    session.run("pytest", "tests/bindings")


@nox.session
@budget(4)
def fuzz(session: nox.Session) -> None:
    """
    Send damaged and hostile input: messages, requests, files, configurations. No host dies, and no command hangs.

    The long form: STEPWELL_FUZZ_CASES=1000000 STEPWELL_FUZZ_REQUESTS=10000. STEPWELL_SEED makes the same cases again.
    """
    use_stepwell(session, *group("test", "parallel"))
    node = use_node(session, NODES[0])
    seed = os.environ.get("STEPWELL_SEED") or str(time.time_ns())
    session.env["STEPWELL_SEED"] = seed
    session.log(f"STEPWELL_SEED={seed}")
    session.run(node, *NODE_TEST, *node_tests("tests/fuzz"), external=True)
    session.run("pytest", "tests/fuzz", f"--numprocesses={SIDE_BY_SIDE}", *session.posargs)


@nox.session(default=False)
@budget(60)
def kills(session: nox.Session) -> None:
    """Kill and stop commands and hosts a thousand times, over all runtimes. STEPWELL_KILLS says how often in each."""
    use_stepwell(session, *group("test"))
    session.env["STEPWELL_KILLS"] = os.environ.get("STEPWELL_KILLS", "250")
    session.run("pytest", "tests/crash", "-s", "--timeout=7200", *session.posargs)


@nox.session(default=False)
@budget(3)
def audit(session: nox.Session) -> None:
    """
    Ask the registries for known weaknesses of the packages in use, in both languages. Needs the network.

    Nox exits with 69 where the registries that it reaches have no advisories: nothing is known then, good or bad.
    """
    session.install("-e", ".[wasmtime]", *group("audit"))
    node = use_node(session, NODES[0])
    audit = ["notices/audit.py", str(Path(session.bin) / "pip-audit"), node, npm_of(node)]
    printed = str(session.run("python", *audit, success_codes=[0, AUDIT_UNAVAILABLE], silent=True))
    session.log(printed.strip())
    if "this says nothing about weaknesses" in printed:
        raise SystemExit(AUDIT_UNAVAILABLE)


@nox.session(default=False)
@budget(15)
def soak(session: nox.Session) -> None:
    """Leave commands, connections, timers, stopped processes and debuggers alone for ten minutes, then use them."""
    use_stepwell(session, *group("test", "parallel"))
    use_node(session, NODES[0])
    # All of them wait, so that they do so side by side.
    session.run("pytest", "tests/soak", "--numprocesses=12", "--verbose", *session.posargs)


@nox.session
@budget(3)
def wheel(session: nox.Session) -> None:
    """Build the wheel, look into it, and use it far from here."""
    session.install(*group("wheel"))
    session.run("pytest", "tests/wheel", *session.posargs)


@nox.session(default=False)
@budget(2)
def site(session: nox.Session) -> None:
    """Build the documents as a site, and check that its pages request nothing from other hosts."""
    session.install(*group("site"))
    session.run("python", "docs/site/collect_pages.py", "build/docs")
    session.run("zensical", "build", "--clean", "--strict", "--config-file", "build/docs/mkdocs.yml", *session.posargs)
    session.run("python", "docs/site/check_requests.py", "build/docs/site")


@nox.session(default=False)
@budget(10)
def release(session: nox.Session) -> None:
    """
    Make a release in `dist/`: wheel, source distribution, checksums and notes. `nox -s release -- --tag` tags it too.

    Run the default sessions before, on the same commit. Nothing is uploaded, and the tag is a local one.
    """
    if unknown := [each for each in session.posargs if each != "--tag"]:
        session.error(f"Unknown argument {unknown[0]!r}. The only one is --tag.")
    root = Path(__file__).parent
    try:
        refuse_changes(root)
        version = version_of(root)
        notes = notes_of((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
        if session.posargs:
            refuse_tag(root, f"v{version}")
    except ReleaseError as error:
        session.error(str(error))
    session.install(*group("release"))
    dist = root / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    # The wheel is made from the source distribution, so that both are known to be whole.
    session.run("python", "-m", "build", "--outdir", str(dist))
    session.run("twine", "check", "--strict", *(str(path) for path in dist.iterdir()))
    sums = write_sums(dist)
    (dist / "NOTES.md").write_text(notes, encoding="utf-8")
    session.install("--force-reinstall", *(str(path) for path in dist.glob("*.whl")))
    session.run("stepwell", "--version")
    if session.posargs:
        add_tag(root, f"v{version}", notes)
    session.log(f"Stepwell {version} is in {dist}:\n{sums.read_text(encoding='utf-8')}")


@nox.session(default=False)
@budget(20)
def bench(session: nox.Session) -> None:
    """Measure: `nox -s bench -- --help`."""
    session.install("-e", ".")
    use_node(session, NODES[0])
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session(default=False)
@budget(20)
def runtimes(session: nox.Session) -> None:
    """Measure every runtime for Python beside its floor, and write the tables of docs/runtimes.md."""
    session.install("-e", ".[wasmtime]")
    use_node(session, NODES[0])
    session.run("python", "benchmarks/runtimes.py", "--table", "docs/runtimes.md", *session.posargs)
