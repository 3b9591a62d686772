"""`stepwell sync`, on indexes that are folders."""

import fcntl
import os
import re
import shutil
import signal
import sys
import sysconfig
import tomllib
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from places import until
from wheels import ELSEWHERE, PYODIDE, declare, make_wheel

HERE = re.sub("[-.]", "_", sysconfig.get_platform())
FLOW = """
    import greeting
    from workers import WorkflowEntrypoint


    class Greeter(WorkflowEntrypoint):
        async def run(self, event, step):
            return greeting.VERSION
"""


@pytest.fixture
def project(place, index):
    """A project that declares a package, and a workflow that imports it."""
    declare(place, "greeting")
    place.write("flow.py", FLOW)
    return place


def output(place, *arguments):
    done = place.run("run", *(arguments or ["flow.py"]), "--quiet")
    assert 0 == done.code, done.err
    return done.json


def names(place):
    return {path.name for path in place.folder.iterdir() if path.name != ".stepwell"}


def contents(folder):
    """Every file below *folder*, with what it says, but for the state."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".stepwell" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_sync(project):
    """What the project declares is locked, installed, and imported by its workflow."""
    done = project.run("sync")

    assert (0, "pyodide: 1 package locked in pylock.toml, installed in python_modules.\n") == (done.code, done.out)
    assert "1.0" == output(project)
    lock = tomllib.loads((project.folder / "pylock.toml").read_text())
    assert ("1.0", ["greeting"]) == (lock["lock-version"], [package["name"] for package in lock["packages"]])
    assert ["greeting"] == lock["tool"]["stepwell"]["declared"]


def test_nothing_left(project):
    """A sync leaves the lock file and the packages, and keeps those out of version control."""
    project.run("sync")

    assert {"flow.py", "pyproject.toml", "pylock.toml", "python_modules"} == names(project)
    assert "*\n" == (project.folder / "python_modules" / ".gitignore").read_text()


def test_again(project):
    """A second sync changes nothing, and says so."""
    project.run("sync")
    before = contents(project.folder)

    done = project.run("sync")

    assert (0, "pyodide: up to date (python_modules).\n") == (done.code, done.out)
    assert before == contents(project.folder)


def test_not_synced(project):
    """A run installs nothing: it says what to do."""
    done = project.run("run", "flow.py")

    message = "pyproject.toml are not locked yet. Run: stepwell sync .\n"
    assert (2, True) == (done.code, done.err.endswith(message)), done.err
    assert not (project.folder / "python_modules").exists()


def test_from_elsewhere(project):
    """The remedy is right from the folder in which it is read."""
    project.write("app/flow.py", FLOW)
    (project.folder / "pyproject.toml").rename(project.folder / "app" / "pyproject.toml")

    assert "Run: stepwell sync app\n" in project.run("run", "app/flow.py").err
    assert 0 == project.run("sync", "app").code
    assert "1.0" == output(project, "app/flow.py")


def test_changed_declaration(project, index):
    """What is declared later is not quietly missing, nor an old version quietly used."""
    project.run("sync")
    make_wheel(index, "greeting", "2.0")
    declare(project, "greeting>=2")

    assert "have changed since pylock.toml was made. Run: stepwell sync .\n" in project.run("run", "flow.py").err
    assert 1 == project.run("sync", "--check").code
    assert 0 == project.run("sync").code
    assert "2.0" == output(project)
    assert 0 == project.run("sync", "--check").code


def test_lock_is_kept(project, index):
    """A newer version is taken when it is asked for, not when the packages are installed again."""
    project.run("sync")
    make_wheel(index, "greeting", "2.0")
    shutil.rmtree(project.folder / "python_modules")

    assert "are locked, but not installed in python_modules." in project.run("run", "flow.py").err
    project.run("sync")
    assert "1.0" == output(project)
    project.run("sync", "--upgrade")
    assert "2.0" == output(project)


def test_lock_from_elsewhere(project, index):
    """A lock file that came by version control is installed, and one that changed is installed anew."""
    project.run("sync")
    first = (project.folder / "pylock.toml").read_text()
    make_wheel(index, "greeting", "2.0")
    project.run("sync", "--upgrade")

    (project.folder / "pylock.toml").write_text(first)

    assert "are not those of pylock.toml." in project.run("run", "flow.py").err
    project.run("sync")
    assert "1.0" == output(project)


def test_own_wheels(project):
    """Wheels of the project's own are locked by their paths in it, which may move."""
    make_wheel(project.folder / "my wheels", "own", "1.0")
    declare(project, "greeting", "own", more='[tool.uv]\nfind-links = ["my wheels"]')
    del project.environment["UV_FIND_LINKS"]
    make_wheel(project.folder / "my wheels", "greeting", "1.5")
    assert 0 == project.run("sync").code
    shutil.rmtree(project.folder / "python_modules")
    moved = project.folder / "moved"
    moved.mkdir()
    for name in ("my wheels", "pyproject.toml", "pylock.toml", "flow.py"):
        (project.folder / name).rename(moved / name)

    done = project.run("sync", "moved")

    assert 0 == done.code, done.err
    assert "1.5" == output(project, "moved/flow.py")


def test_missing_package(project):
    """Somebody has removed a package: the run says so, and a sync puts it back."""
    project.run("sync")
    shutil.rmtree(project.folder / "python_modules" / "greeting-1.0.dist-info")

    assert "are not all in python_modules. Run: stepwell sync .\n" in project.run("run", "flow.py").err
    assert 0 == project.run("sync").code
    assert "1.0" == output(project)


def test_foreign_modules(project):
    """A folder that another tool has made is not believed, and is replaced."""
    project.write("python_modules/greeting.py", "VERSION = 'by hand'")

    assert 2 == project.run("run", "flow.py").code
    project.run("sync")
    assert "1.0" == output(project)


def test_script(place, index):
    """A single file declares for itself, apart from its project and its neighbours."""
    make_wheel(index, "greeting", "2.0")
    for name, requirement in (("one", "greeting<2"), ("two", "greeting>=2")):
        place.write(
            f"{name}.py", f'# /// script\n# dependencies = ["{requirement}"]\n# ///\n' + FLOW.replace("\n    ", "\n")
        )

    assert "one.py are not locked yet. Run: stepwell sync one.py\n" in place.run("run", "one.py").err
    assert [0, 0] == [place.run("sync", "one.py").code, place.run("sync", "two.py").code]
    assert ["1.0", "2.0"] == [output(place, "one.py"), output(place, "two.py")]
    assert {"one.python_modules", "pylock.one.toml"} <= names(place)


def test_config_above(project):
    """With a wrangler configuration the project file beside it counts."""
    project.write("wrangler.jsonc", '{"main": "src/flow.py"}')
    project.write("src/flow.py", FLOW)

    assert "are not locked yet" in project.run("run", ".").err
    project.run("sync")
    assert "1.0" == output(project, ".")


def test_project_further_above(project):
    """A project file above may be about something else: what needs none of its packages runs."""
    project.write(
        "deep/plain.py", FLOW.replace("import greeting", "import json as greeting").replace("VERSION", "__name__")
    )

    assert "json" == output(project, "deep/plain.py")


def test_own_wheel_for_the_runtime(project, index):
    """A wheel that was built for the runtime's platform is chosen, one for another is not."""
    make_wheel(index, "greeting", "2.0", tag=PYODIDE)
    make_wheel(index, "greeting", "3.0", tag=ELSEWHERE)
    project.run("sync")

    assert "2.0" == output(project)


def test_markers(project, index):
    """Markers are those of the runtime, not of the Python that runs the command."""
    make_wheel(index, "there", "1.0")
    make_wheel(
        index, "greeting", "2.0", requires=("there; sys_platform == 'emscripten'", "absent; python_version < '3.14'")
    )
    project.run("sync")

    assert {"there.py", "greeting.py"} == {path.name for path in (project.folder / "python_modules").glob("*.py")}


def test_no_wheel(project, index):
    """What has no wheel for a runtime is named, with the runtimes that can run it; nothing is changed."""
    project.run("sync")
    make_wheel(index, "native", "1.0", tag=PYODIDE)
    declare(project, "greeting", "native")
    before = contents(project.folder)

    done = project.run("sync", "--runtime", "wasmtime")

    assert 2 == done.code
    assert "Error: native has no wheel for runtime wasmtime. It can be installed for: pyodide.\n" in done.err
    assert "All that is declared can be installed for: pyodide.\nNothing was changed.\n" in done.err
    assert before == contents(project.folder)


def test_package_of_the_distribution(project, index):
    """What Pyodide's makers build, and no index has, is named with the way to get it."""
    make_wheel(index, "numpy", "9.0", tag=f"py3-none-{HERE}")
    declare(project, "greeting", "numpy")

    done = project.run("sync")

    assert 2 == done.code
    assert "Error: numpy has no wheel for runtime pyodide." in done.err
    assert re.search(r"The distribution of Pyodide \S+ has numpy \S+: name its folder .*pyodide-distribution", done.err)


@pytest.mark.parametrize(("source", "warnings"), [("raise OSError('no such device')", 1), ("", 0)])
def test_no_snapshot(project, index, source, warnings):
    """Where no snapshot can be made with a large package, one line says so; it is installed all the same."""
    make_wheel(index, "large", "1.0", source=f"{source}\n# {'x' * 500_000}\n")
    declare(project, "large")
    project.write("flow.py", "import large\n")

    done = project.run("sync")

    assert 0 == done.code, done.err
    assert warnings == done.err.count("Warning: no snapshot can be made with the packages that the modules import")
    assert "1 package locked in pylock.toml" in done.out


def test_older_version(project, index):
    """Where only an older version has a wheel, that is said."""
    make_wheel(index, "greeting", "2.0", tag="py3-none-linux_x86_64")
    make_wheel(index, "greeting", "2.0", tag="py3-none-macosx_11_0_arm64")

    done = project.run("sync")

    assert 0 == done.code
    if os.uname().machine == "x86_64":
        assert "Warning: greeting 1.0 is locked for runtime pyodide: 2.0, the newest, has no wheel for it" in done.err


def test_runtimes(project, index):
    """Each runtime has its own lock and packages; a plain sync brings all of them up to date."""
    for runtime in ("pyodide", "wasmtime", "cpython"):
        assert 0 == project.run("sync", "--runtime", runtime).code
    declare(project, "greeting>=1")

    done = project.run("sync")

    assert ["pyodide", "wasmtime", "cpython"] == [line.split(":")[0] for line in done.out.splitlines()]
    assert {"python_modules", "python_modules-wasmtime", "python_modules-cpython"} <= names(project)
    assert {"pylock.toml", "pylock.wasmtime.toml", "pylock.cpython.toml"} <= names(project)


def test_one_python(project):
    """What is installed for runtime cpython is for the Python that runs it: that of the project."""
    asked = project.folder / "asked"
    python = project.write(".venv/bin/python", f'#!/bin/sh\necho >> {asked}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)

    synced = project.run("sync", "--runtime", "cpython")

    assert (0, True) == (synced.code, asked.exists()), synced.err
    # Interpreters write nothing there, so that each would compile what it imports.
    modules = project.folder / "python_modules-cpython"
    assert [Path(cache_from_source(path)).is_file() for path in modules.glob("*.py")] == [True]
    asked.unlink()
    assert 0 == project.run("run", "flow.py", "--runtime", "cpython", "--quiet").code
    assert asked.exists()


def test_python_that_is_none(project):
    """It is refused by the same rule as where it is to run something."""
    done = project.run("sync", "--runtime", "cpython", "--python", "no/such")

    assert (2, True) == (done.code, "'no/such' is not a Python" in done.err)


def test_unknown(project):
    """A package that nobody has is no matter of runtimes."""
    declare(project, "nonesuch")

    done = project.run("sync")

    assert 2 == done.code
    assert "Error: No versions fit the dependencies of" in done.err
    assert "nonesuch" in done.err
    assert "has no wheel" not in done.err


def test_contradiction(project):
    """Requirements that exclude each other are explained."""
    declare(project, "greeting>=2", "greeting<2")

    done = project.run("sync")

    assert 2 == done.code
    assert "Because you require greeting<2 and greeting>=2" in done.err


def test_no_network(project):
    """Without an index to ask, the sync fails in few words, and what was there stays."""
    project.run("sync")
    before = contents(project.folder)
    declare(project, "greeting", "another")
    before["pyproject.toml"] = (project.folder / "pyproject.toml").read_bytes()
    project.environment |= {"UV_OFFLINE": "0", "UV_HTTP_RETRIES": "0", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"}
    del project.environment["UV_NO_INDEX"]

    done = project.run("sync")

    assert 2 == done.code
    assert "cannot be resolved; nothing was changed." in done.err
    assert "127.0.0.1:9" in done.err
    assert before == contents(project.folder)


def test_other_contents(project, index, tmp_path_factory):
    """A wheel that is not the one that was locked is refused by its hash."""
    project.run("sync")
    shutil.rmtree(project.folder / "python_modules")
    make_wheel(index, "greeting", "1.0", source="VERSION = 'not what was locked'\n")
    project.environment["UV_CACHE_DIR"] = str(tmp_path_factory.mktemp("empty"))

    done = project.run("sync")

    assert 2 == done.code
    assert "What pylock.toml says cannot be installed for runtime pyodide; nothing was changed." in done.err
    assert "Hash mismatch" in done.err
    assert not (project.folder / "python_modules").exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[project\n", "pyproject.toml is not TOML: "),
        ('[project]\ndependencies = "greeting"\n', "project.dependencies must be an array of strings"),
        ("[project]\ndependencies = [1]\n", "project.dependencies must be an array of strings"),
        ('[project]\ndynamic = ["dependencies"]\n', "project.dependencies is dynamic"),
        ('[project]\ndependencies = ["a b"]\n', "'a b' is not a requirement: "),
        (
            '[project]\nrequires-python = "<3"\ndependencies = ["greeting"]\n',
            "requires Python <3; runtime pyodide has 3.14",
        ),
        ('[project]\nrequires-python = "x"\ndependencies = ["greeting"]\n', "requires-python is 'x'"),
        ("[tool.other]\n", "declares no packages"),
    ],
)
def test_bad_project(place, index, text, complaint):
    """A project file that cannot be understood is said to be one, and where."""
    place.write("pyproject.toml", text)

    done = place.run("sync")

    assert (2, True) == (done.code, complaint in done.err), done.err


def test_block_beside(place, index):
    """A folder without a project names its files that declare packages."""
    place.write("flow.py", '# /// script\n# dependencies = ["greeting"]\n# ///\n')
    place.write("plain.py", "")

    done = place.run("sync")

    assert (2, True, False) == (done.code, "run `stepwell sync flow.py`" in done.err, "plain.py" in done.err), done.err


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("# /// script\n# dependencies = [\n# ///\n", "its block '# /// script' is not TOML"),
        ('# /// script\n# dependencies = ["greeting"]\n', "the block '# /// script' has no end"),
        ("# /// script\n# dependencies = 1\n# ///\n", "dependencies must be an array of strings"),
        ("# /// script\n# a = 1\n# ///\n\n# /// script\n# a = 1\n# ///\n", "has 2 blocks '# /// script'"),
    ],
)
def test_bad_block(place, index, block, complaint):
    """A block that cannot be understood is refused by a sync, and before a run."""
    place.write("flow.py", block)

    for command in ("sync", "run"):
        done = place.run(command, "flow.py")
        assert (2, True) == (done.code, complaint in done.err), done.err


def test_bad_lock(project):
    """A lock file that is none is not overwritten: somebody may want to see what became of it."""
    project.write("pylock.toml", "<<<<<<< ours\n")

    done = project.run("sync")

    assert (2, True) == (done.code, "pylock.toml is no lock file" in done.err), done.err


@pytest.mark.parametrize("target", ["nowhere", "flow.mjs"])
def test_bad_target(place, target):
    """What cannot be synced is refused."""
    place.write("flow.mjs", "")

    assert 2 == place.run("sync", target).code


@pytest.mark.parametrize("runtime", ["pyodide", "cpython"])
@pytest.mark.parametrize("importer", ["flow.py", "helper.py", "helpers/deep.py"])
def test_not_declared(place, index, importer, runtime):
    """A module that any module of the project imports and that is not declared: the error says what to do."""
    place.write("flow.py", "import helper\n")
    place.write("helper.py", "import helpers.deep\n")
    place.write(importer, FLOW)

    done = place.run("run", "flow.py", "--runtime", runtime)

    assert 2 == done.code
    assert "If 'greeting' is a package, declare it" in done.err
    assert "run `stepwell sync`" in done.err


def test_two_at_once(project):
    """A second sync waits for the first."""
    descriptor = os.open(project.folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    second = project.start("sync")
    second.read_until("Another sync is at work")
    os.close(descriptor)

    assert 0 == second.wait().code
    assert "1.0" == output(project)


def test_killed(project, index):
    """A sync that is killed while it works leaves what was there, and the next one cleans up after it."""
    project.run("sync")
    make_wheel(index, "greeting", "2.0")
    before = contents(project.folder)

    killed = project.start("sync", "--upgrade")
    until(lambda: any(project.folder.glob(".stepwell-sync-*")), "it does not begin")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()

    after = contents(project.folder)
    assert before == {name: after[name] for name in before}
    assert "1.0" == output(project)
    project.run("sync", "--upgrade")
    assert "2.0" == output(project)
    assert [] == list(project.folder.glob("*sync-*"))


def test_killed_in_the_exchange(project):
    """Killed between taking the old packages away and putting the new ones there, the old ones come back."""
    project.run("sync")
    (project.folder / "python_modules").rename(project.folder / ".python_modules.old")

    assert "1.0" == output(project)
    assert not (project.folder / ".python_modules.old").exists()
