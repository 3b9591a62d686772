"""What TARGET may be."""

import pytest

from stepwell.exceptions import InputError
from stepwell.project_loader import load_project
from stepwell.target import find_target


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text("")
    return tmp_path


def test_file(folder):
    """A file is its own main, and brings all its workflows."""
    project = load_project(find_target("app.py"))

    places = {"root": str(folder), "main": str(folder / "app.py")}
    unset = dict.fromkeys(("bindings", "env", "secrets", "workflows", "runtime"))
    assert {**places, "vars": {}, **unset} == project.deployment()


def test_class(folder):
    """What follows the last colon is a class."""
    target = find_target("app.py:Order")

    assert ("Order", folder / "app.py") == (target.class_name, target.main)


def test_folder_precedence(folder):
    """Of several configurations upstream's first one counts."""
    for name in ("wrangler.toml", "wrangler.jsonc", "wrangler.json"):
        (folder / name).write_text("")

    assert folder / "wrangler.json" == find_target(str(folder)).config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope.py", "TARGET 'nope.py' does not exist."),
        ("nope.py:Order", "TARGET 'nope.py' does not exist."),
        ("app.txt", "TARGET 'app.txt' cannot be run: its name ends in none of .py, .js, .mjs, .ts, .mts."),
        ("app.py:1st", "TARGET 'app.py:1st' names the class '1st', which is not a name."),
        ("app.py:class", "TARGET 'app.py:class' names the class 'class', which is not a name."),
        (".:Order", "TARGET '.:Order' names a class in a folder; choose it with --workflow Order."),
        (
            ".",
            "Folder '.' has no wrangler.json, wrangler.jsonc or wrangler.toml. Give one, or a file as TARGET.",
        ),
    ],
)
def test_refusals(folder, text, message):
    """What cannot be a target is refused with what would be one."""
    (folder / "app.txt").write_text("")

    with pytest.raises(InputError) as caught:
        find_target(text)

    assert message == str(caught.value)
