"""When `stepwell dev` reloads: which files count, and how changes are taken together."""

import queue
import shutil

import pytest

from stepwell.source_watcher import (
    ReloadPacer,
    SourceWatcher,
    is_of_state,
    is_source_folder,
    is_watched,
    source_folders,
)

PATIENCE_S = 20


def reloads(changes):
    """The times at which changes at these times are taken, looking every 50 ms."""
    pacer = ReloadPacer()
    taken = []
    times = sorted([(time, True) for time in changes] + [(tick * 0.05, False) for tick in range(200)])
    for time, is_change in times:
        if (is_change and pacer.changed(time)) or pacer.is_due(time):
            taken.append(round(time, 3))
    return taken


def test_single_save():
    """A save after a quiet time is taken at once."""
    assert [1.0] == reloads([1.0])


def test_two_saves():
    """Saves with time between them are taken each at once."""
    assert [1.0, 2.0] == reloads([1.0, 2.0])


def test_burst():
    """200 saves in a second are two reloads: the first save, and the end."""
    taken = reloads([1 + number / 200 for number in range(200)])

    assert 2 == len(taken)
    assert 1.0 == taken[0]
    assert taken[1] >= 1.995 + 0.3


def test_changes_that_never_stop():
    """Changes that never stop are taken now and then."""
    taken = reloads([number / 10 for number in range(90)])

    assert 4 <= len(taken) <= 6


@pytest.mark.parametrize("name", ["a.py", "a.js", "a.ts", "wrangler.toml", ".dev.vars", ".dev.vars.prod", ".env.local"])
def test_watched(tmp_path, name):
    """Sources, configurations and secrets count."""
    assert is_watched(tmp_path / name)


@pytest.mark.parametrize("name", ["a.txt", "a.py.swp", "4913", "state.sqlite-wal", "a.pyc", "a.py~"])
def test_not_watched(tmp_path, name):
    """What editors and tools write does not."""
    assert not is_watched(tmp_path / name)


def test_files_of_the_state(tmp_path):
    """A state may lie beside the configuration: its files are no sources, and those of that name elsewhere are."""
    (tmp_path / "link").symlink_to(tmp_path)
    state = tmp_path / "link" / "state.sqlite"

    assert is_of_state(tmp_path / "state.sqlite.owner.json", state)
    assert not is_of_state(tmp_path / "wrangler.json", state)
    assert not is_of_state(tmp_path / "src" / "state.sqlite.owner.json", state)
    assert not is_of_state(tmp_path / "state.sqlite.owner.json", None)


def test_folders(tmp_path):
    """Folders of tools and of packages are not looked into."""
    for name in ("pkg/sub", ".wrangler/state", ".stepwell", "python_modules/x", "node_modules/y", "__pycache__", "env"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").write_text("")

    assert [tmp_path, tmp_path / "pkg", tmp_path / "pkg" / "sub"] == source_folders(tmp_path)
    assert not is_source_folder(tmp_path / ".wrangler")


@pytest.fixture
def changes(tmp_path):
    """A queue of the changes below the folder `project`, which has `src/entry.py`."""
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "src/entry.py").write_text("1")
    found = queue.Queue()
    watcher = SourceWatcher([project], [], found.put)
    watcher.start()
    # The watch has begun once a change is seen.
    until_changed(found, project / "begun.py")
    yield found
    watcher.stop()


def until_changed(found, path):
    """Write *path* until it is among the changes."""
    deadline = PATIENCE_S / 0.1
    while deadline > 0:
        deadline -= 1
        path.write_text(str(deadline))
        try:
            if path in found.get(timeout=0.1):
                return
        except queue.Empty:
            pass
    pytest.fail(f"A change of {path} is not seen.")


@pytest.mark.parametrize("name", ["project/src", "project"])
def test_folder_made_again(tmp_path, changes, name):
    """A folder that is deleted and made again, as by a change of branches, is watched again; its files have changed."""
    entry = tmp_path / "project/src/entry.py"
    shutil.copytree(tmp_path / name, tmp_path / "kept")
    shutil.rmtree(tmp_path / name)
    shutil.copytree(tmp_path / "kept", tmp_path / name)

    while entry not in changes.get(timeout=PATIENCE_S):
        pass
    until_changed(changes, entry)


def test_folder_made_later(tmp_path, changes):
    """A file in a folder of a new folder is seen, though it was there before the folder was watched."""
    new = tmp_path / "project/lib/sub"
    new.mkdir(parents=True)
    (new / "a.py").write_text("1")

    while new / "a.py" not in changes.get(timeout=PATIENCE_S):
        pass
    until_changed(changes, new / "a.py")
