"""`stepwell build`: what it asks for, and what it runs. The toolchain itself is on few machines."""

from __future__ import annotations

import shutil

import pytest

TOOL = """\
#!/bin/sh
case "$*" in
    "xbuildenv version") echo {version} ;;
    "config get emscripten_dir") echo {folder} ;;
    build*) echo "$*" > {folder}/said; touch "$4/native-1.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl"; exit {code} ;;
esac
"""
EMCC = "#!/bin/sh\necho 'emcc (Emscripten gcc/clang-like replacement + linker emulating GNU ld) {version}'\n"


@pytest.fixture(scope="session")
def wanted():
    """What the Pyodide of this tree is built with."""
    from stepwell.packages.build import read_wanted  # noqa: PLC0415 - asks an interpreter

    return read_wanted()


@pytest.fixture
def bare(place):
    """A machine without a toolchain; the shell and Node are there."""
    if shutil.which("emcc"):
        pytest.skip("this machine has Emscripten")
    place.environment["PATH"] = "/usr/bin:/bin"
    return place


def install(place, name, text):
    path = place.write(f"bin/{name}", text)
    path.chmod(0o755)
    place.environment["PATH"] = f"{path.parent}:/usr/bin:/bin"


def test_nothing_there(bare, wanted):
    """All that is missing is named with its version and the command that gets it, and nothing is built or fetched."""
    bare.write("pyproject.toml", "[project]\nname = 'native'\n")

    done = bare.run("build")

    assert 2 == done.code
    assert f"A wheel for Pyodide {wanted.pyodide} cannot be built here. Missing:" in done.err
    assert f"* pyodide-build, in a Python {wanted.python}" in done.err
    assert f"pyodide xbuildenv install {wanted.pyodide}" in done.err
    assert f"* Emscripten {wanted.emscripten}\n" in done.err
    assert not (bare.folder / "dist").exists()


def test_wrong_versions(bare, wanted):
    """Toolchains of other versions build what does not load: they are as good as missing, and told."""
    install(bare, "pyodide", TOOL.format(version="0.1.2", folder=bare.folder, code=0))
    install(bare, "emcc", EMCC.format(version="1.2.3"))

    done = bare.run("build", "--check")

    assert 2 == done.code
    assert f"the cross-build environment of Pyodide {wanted.pyodide} (there is that of 0.1.2)" in done.err
    assert f"Emscripten {wanted.emscripten} ({bare.folder}/bin/emcc is 1.2.3)" in done.err
    assert "pyodide-build, in" not in done.err


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 1)])
def test_command(bare, wanted, code, expected):
    """With all of it there pyodide-build is called, told to fetch nothing, and its failure is ours."""
    install(bare, "pyodide", TOOL.format(version=wanted.pyodide, folder=bare.folder, code=code))
    # Not on the path: where the cross-build environment keeps it.
    bare.write("emcc", EMCC.format(version=wanted.emscripten)).chmod(0o755)
    bare.write("native/pyproject.toml", "")
    (bare.folder / "out").mkdir()

    assert 0 == bare.run("build", "--check").code
    done = bare.run("build", "native", "-o", "out")

    assert (expected, "build native --outdir out --skip-emscripten-install\n") == (
        done.code,
        (bare.folder / "said").read_text(),
    )
    wheel = "out/native-1.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl"
    assert (code == 0) == (wheel in done.out)
    assert (code == 0) == (wheel in bare.run("build", "native", "-o", "out").out), "a second build is silent"


def test_no_project(bare, wanted):
    """A folder without a project is refused before anything is run."""
    install(bare, "pyodide", TOOL.format(version=wanted.pyodide, folder=bare.folder, code=0))
    install(bare, "emcc", EMCC.format(version=wanted.emscripten))

    done = bare.run("build", "bin")

    assert (2, True) == (done.code, "'bin' is no Python project" in done.err)
