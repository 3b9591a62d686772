"""The command as such."""

import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from stepwell import __version__
from stepwell.cli import stepwell


def test_version(place):
    """The version is one line."""
    assert f"stepwell {__version__}\n" == place.run("--version").out


def test_version_is_quick():
    """The version is told without what only other commands need."""
    script = (
        "import sys; from stepwell import cli\n"
        "try: cli.stepwell(['--version'])\n"
        "except SystemExit: pass\n"
        "print({'pydantic', 'rich', 'http.client', 'tree_sitter'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "set()" == done.stdout.splitlines()[-1]


def test_help_tells_exit_codes(place):
    """Every command that can fail tells its exit codes."""
    for arguments in ((), ("run",), ("workflows",), ("workflows", "instances"), ("doctor",)):
        assert "130  interrupted with Ctrl-C" in place.run(*arguments, "--help").out


def test_closed_pipe(place, order):
    """Nobody reading the output is no fault of ours."""
    command = f"{sys.executable} -m stepwell workflows --help | true"

    done = subprocess.run(command, shell=True, cwd=place.folder, capture_output=True, text=True, check=False)

    assert "" == done.stderr


def test_nobody_looks_for_garbage_at_the_end(place):
    """Whichever way a command ends, what Python has loaded is not gone through once more: that takes 20 ms."""
    script = (
        "import atexit, gc, sys; from stepwell.__main__ import main\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"
        "sys.argv[1:] = {!r}\n"
        "main()"
    )

    for arguments in (["--version"], ["run", "nothing.py"]):
        command = [sys.executable, "-c", script.format(arguments)]
        done = subprocess.run(command, cwd=place.folder, capture_output=True, text=True, check=False)

        assert "True" == done.stdout.splitlines()[-1]


GROUPS = [(), ("workflows",), ("workflows", "instances"), ("runs",), ("state",), ("cache",), ("tokens",)]


def commands_of(group, path=()):
    """All commands below *group*, with the words that call them."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands_of(command, (*path, name))


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words, _ in commands_of(stepwell)])
def test_help_is_clean(words):
    """The help of no command shows what its source needs for its layout."""
    done = CliRunner().invoke(stepwell, [*words, "--help"])

    assert 0 == done.exit_code
    assert not re.search(r"\\b|[\x00-\x09\x0b-\x1f\x7f]", done.output)


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words, _ in commands_of(stepwell)])
def test_summary_is_whole(words):
    """No command's line in the list of its group is cut."""
    listed = CliRunner().invoke(stepwell, [*words[:-1], "--help"]).output

    [line] = re.findall(rf"^  {words[-1]}  .*", listed, re.MULTILINE)
    assert line.endswith(".")
    assert not line.endswith("...")


@pytest.mark.parametrize("group", GROUPS)
def test_typing_errors(group):
    """Each group names the command that was probably meant."""
    inner = stepwell
    for word in group:
        inner = inner.get_command(click.Context(inner), word)
    name = max(inner.list_commands(click.Context(inner)), key=len)
    swapped = name[0] + name[2] + name[1] + name[3:]

    done = CliRunner().invoke(stepwell, [*group, swapped])

    assert 2 == done.exit_code
    assert name in done.output.partition("Did you mean")[2]


def test_command_of_other_groups():
    """A command that only other groups have is found there."""
    done = CliRunner().invoke(stepwell, ["runs", "list"])

    assert (2, True) == (done.exit_code, "'stepwell workflows instances list'" in done.output)


@pytest.mark.parametrize(
    ("typed", "meant"), [("workflow", "workflows"), ("rnu", "run"), ("instance", "workflows instances")]
)
def test_well_known_typing_errors(typed, meant):
    """Words that people type for another command lead to it."""
    done = CliRunner().invoke(stepwell, [typed, "list"])

    assert 2 == done.exit_code
    assert meant.split()[-1] in done.output
