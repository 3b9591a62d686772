"""A release has one version and its section of the changelog, and is refused where one of them is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from nox_release import (  # noqa: E402
    ReleaseError,
    add_tag,
    notes_of,
    refuse_changes,
    refuse_tag,
    version_of,
    versions,
    write_sums,
)

CHANGELOG = """\
# Changelog

## Unreleased

## 1.2.0 - 2026-01-02

### Added

- A thing.

## 1.1.0 - 2026-01-01

- Old.
"""


def test_one_version():
    """PyPI's and npm's package have the same."""
    assert len(set(versions(ROOT).values())) == 1


def test_several_versions_are_refused(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "package.json").write_text('{"version": "1.1.0"}')
    (tmp_path / "package-lock.json").write_text('{"version": "1.2.0", "packages": {"": {"version": "1.2.0"}}}')

    with pytest.raises(ReleaseError, match=r"1\.1\.0 in package\.json"):
        version_of(tmp_path)


def test_the_changelog_has_the_version():
    """Its section is there, whatever is unreleased besides."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = text.partition("## Unreleased\n")[2]

    assert "### Added" in notes_of(released[released.index("\n## ") :], version_of(ROOT))


def test_notes_are_the_section():
    assert notes_of(CHANGELOG, "1.2.0") == "### Added\n\n- A thing.\n"


@pytest.mark.parametrize(
    ("changelog", "problem"),
    [
        (CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n- New.\n"), "entries under Unreleased"),
        (CHANGELOG.replace("1.2.0 - 2026-01-02", "1.2.0"), "no section '## 1.2.0 - YYYY-MM-DD'"),
        (CHANGELOG.replace("- A thing.", ""), "no entry for 1.2.0"),
    ],
)
def test_an_unfinished_changelog_is_refused(changelog, problem):
    with pytest.raises(ReleaseError, match=problem):
        notes_of(changelog, "1.2.0")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "x@example.org")
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "One"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_changed_files_are_refused(repository):
    refuse_changes(repository)
    (repository / "new").write_text("")

    with pytest.raises(ReleaseError, match=r"not committed:\n.*new"):
        refuse_changes(repository)


def test_a_tag_is_made_once(repository):
    """It holds the notes, headings included; a second one of the name is refused."""
    refuse_tag(repository, "v1.2.0")
    add_tag(repository, "v1.2.0", "### Added\n\n- A thing.\n")

    show = ["git", "tag", "--list", "--format=%(contents)", "v1.2.0"]
    shown = subprocess.run(show, cwd=repository, check=True, capture_output=True, text=True).stdout
    assert shown.startswith("Stepwell v1.2.0\n\n### Added\n\n- A thing.\n")
    with pytest.raises(ReleaseError, match=r"v1\.2\.0 exists"):
        refuse_tag(repository, "v1.2.0")


def test_sums_are_those_of_the_distributions(tmp_path):
    (tmp_path / "a.whl").write_text("a")
    (tmp_path / "notes.md").write_text("b")

    assert write_sums(tmp_path).read_text() == (
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a.whl\n"
    )
