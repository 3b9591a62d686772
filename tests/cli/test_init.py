"""`stepwell init`: what it writes runs, and its tests pass."""

import json
import subprocess
import sys

import pytest

from stepwell.config.document import read_document
from stepwell.init import TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_its_tests_pass(place, template):
    """The tests of a new project pass."""
    assert 0 == place.run("init", "my_app", "--template", template).code

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "stepwell.testing.plugin"],
        cwd=place.folder / "my_app",
        env={**place.environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr


def test_it_runs(place):
    """A new workflow runs."""
    place.run("init", "app", "--template", "workflow")

    assert {"charged": 60} == place.run("run", "app", "--params", '{"items": 3}').json


def test_names(place):
    """The Worker has the folder's name, as Cloudflare takes it, or the one that is given."""
    place.run("init", "My App")
    place.run("init", "other", "--name", "shop")

    names = [read_document(place.folder / folder / "wrangler.jsonc").value["name"] for folder in ("My App", "other")]
    assert ["my-app", "shop"] == names


def test_nothing_is_replaced(place):
    """A folder that has one of the files is left as it is."""
    place.write("app/wrangler.jsonc", "{}")

    done = place.run("init", "app")

    assert (2, True) == (done.code, "app/wrangler.jsonc exists." in done.err)
    assert ["wrangler.jsonc"] == [path.name for path in (place.folder / "app").iterdir()]
    assert {} == json.loads((place.folder / "app" / "wrangler.jsonc").read_text())


def test_its_javascript_tests_pass(place):
    """The tests in JavaScript of a new JavaScript project pass."""
    place.run("init", "app", "--template", "javascript")

    done = place.run("test", "app/tests/greeting.test.js", "--target", "app")

    assert (0, True) == (done.code, "fail 0" in done.out), done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([""], "DIR is empty"),
        (["a\nb"], "control characters"),
        (["file"], "file is not a folder"),
        (["app", "--name", ""], "--name is empty"),
    ],
)
def test_bad_folders(place, arguments, complaint):
    """A folder that cannot be meant is refused, and nothing is written."""
    place.write("file", "")

    done = place.run("init", *arguments)

    assert (2, True) == (done.code, complaint in done.err), done.err
    assert ["file"] == [path.name for path in place.folder.iterdir()]


def test_folder_like_an_option(place):
    """What is printed to run the project can be pasted, whatever the folder is called."""
    done = place.run("init", "--", "--flag")

    assert "cd ./--flag && stepwell dev" in done.err
