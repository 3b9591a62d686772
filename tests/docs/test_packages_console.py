"""Commands of docs/packages.md, on an index that is a folder."""

import shutil

import pytest
from documents import block, words
from places import Place
from wheels import declare, make_wheel


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.dispose()


@pytest.fixture
def index(place, tmp_path_factory):
    """All that can be installed: two wheels in a folder."""
    folder = tmp_path_factory.mktemp("index")
    kept = {key: value for key, value in place.environment.items() if not key.startswith(("UV_", "PIP_"))}
    ours = {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(folder), "UV_OFFLINE": "1", "UV_CACHE_DIR": str(folder / "cache")}
    place.environment = {**kept, **ours}
    make_wheel(folder, "greeting", "1.0")
    make_wheel(folder, "pydantic", "2.14")
    return folder


@pytest.mark.usefixtures("index")
def test_packages_of_a_project_and_of_a_file(place):
    """docs/packages.md and the README: declared, and installed for each runtime."""
    place.write("pyproject.toml", block("packages.md", "[project]").text)
    place.write("flow.py", block("packages.md", "# /// script").text)
    project, file, other = block("packages.md", "stepwell sync --runtime cpython").commands
    [plain] = block("README.md", "stepwell sync").commands

    for command, folder in (
        (project, "python_modules"),
        (file, "flow.python_modules"),
        (other, "python_modules-cpython"),
        (plain, "python_modules"),
    ):
        done = place.run(*words(command))
        assert 0 == done.code, (command, done.err)
        assert (place.folder / folder / "pydantic.py").is_file()


def test_a_wheel_in_a_folder_of_the_project(place, index):
    """docs/packages.md: uv's own setting names the folder in which a wheel is looked for."""
    del place.environment["UV_FIND_LINKS"]
    (index / "pydantic-2.14-py3-none-any.whl").unlink()
    make_wheel(place.folder / "dist", "native", "1.0")
    declare(place, "native")
    project = place.folder / "pyproject.toml"
    project.write_text(f"{project.read_text()}\n{block('packages.md', '[tool.uv]').text}")

    done = place.run("sync")

    assert 0 == done.code, done.err
    assert (place.folder / "python_modules" / "native.py").is_file()


@pytest.mark.skipif(shutil.which("emcc") is not None, reason="this machine has Emscripten")
def test_a_build_says_what_is_missing(place):
    """docs/packages.md: both commands name the toolchain that is not there."""
    place.write("native/pyproject.toml", "[project]\nname = 'native'\n")
    place.environment["PATH"] = "/usr/bin:/bin"

    for command in block("packages.md", "stepwell build --check").commands:
        refused = place.run(*words(command))
        assert "Emscripten" in refused.out + refused.err
        assert 0 != refused.code


def test_a_package_without_a_wheel(place, index):
    """docs/packages.md: the refusal of a package that has native code for other platforms alone."""
    declare(place, "numpy")
    make_wheel(index, "numpy", "2.0", tag=next(iter(_host_tags())))

    refused = place.run("sync")

    assert 2 == refused.code
    assert block("packages.md", "numpy has no wheel").text.strip() in refused.err


def _host_tags():
    from packaging import tags  # noqa: PLC0415 - the tags of this machine

    return (str(tag) for tag in tags.sys_tags() if tag.platform != "any")
