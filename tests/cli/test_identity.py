"""A command acts on the state that it is given, and on no other."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from stepwell.client import Client
from stepwell.exceptions import HostLostError
from stepwell.host_address import HostAddress, file_identity
from stepwell.http_connection import UnixEndpoint
from stepwell.unix_connection import UnixConnection, peer_user

SLEEPER = """
    from workers import WorkflowEntrypoint


    class Nap(WorkflowEntrypoint):
        async def run(self, event, step):
            await step.sleep("nap", "1 hour")
"""


@pytest.fixture
def napping(place):
    """A run that sleeps, and a copy of its state's folder."""
    place.write("nap.py", SLEEPER)
    running = place.start("run", "nap.py", "--id", "a", "--state", "A/s.sqlite")
    running.read_until("sleeping")
    shutil.copytree(
        place.folder / "A", place.folder / "B", ignore=lambda _folder, names: [n for n in names if n.endswith(".sock")]
    )
    return place


def status(place, state):
    done = place.run("workflows", "instances", "describe", "Nap", "a", "--json", "--state", state)
    assert 0 == done.code, done.err
    return done.json["status"]


@pytest.mark.parametrize(
    ("verb", "after"), [("terminate", "terminated"), ("pause", "paused"), ("restart", "queued"), ("delete", None)]
)
def test_copy(napping, verb, after):
    """A command on a copied folder changes the copy, though the copied hint names the owner of the original."""
    done = napping.run("workflows", "instances", verb, "Nap", "a", "--state", "B/s.sqlite")

    assert 0 == done.code, done.err
    assert "waiting" == status(napping, "A/s.sqlite")
    if after is None:
        left = napping.run("workflows", "instances", "list", "Nap", "--json", "--state", "B/s.sqlite")
        assert [] == left.json
    else:
        assert after == status(napping, "B/s.sqlite")


def test_moved_hint(napping):
    """A hint that was put beside another state is not believed, in Python and in the host."""
    other = napping.folder / "C" / "s.sqlite"
    napping.write("order.py", SLEEPER.replace("Nap", "Other").replace("1 hour", "1 second"))
    assert 0 == napping.run("run", "order.py", "--state", "C/s.sqlite", "-q").code
    shutil.copy(napping.folder / "A" / "s.sqlite.owner.json", f"{other}.owner.json")

    listed = napping.run("workflows", "list", "--json", "--state", "C/s.sqlite")

    assert ["Other"] == [workflow["name"] for workflow in listed.json]


def serve_once(path, reply):
    """A server that gives *reply* to one request, and records what it has received."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    received = []

    def work():
        connection, _ = listener.accept()
        received.append(connection.recv(65536))
        if received[0]:
            connection.sendall(reply)
        connection.close()
        listener.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread, received


def response(result):
    body = json.dumps({"success": True, "errors": [], "result": result}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize(("identity", "expected"), [("1:1", False), (None, True)])
def test_host_proves_which_file_it_owns(tmp_path, identity, expected):
    """A host that owns another file is not used, whoever has named it."""
    state = tmp_path / "state"
    state.write_bytes(b"")
    own = file_identity(state)
    thread, _ = serve_once(
        tmp_path / "x.sock", response({"state_identity": identity or own, "version": "0", "protocol": 2})
    )
    address = HostAddress(str(tmp_path / "x.sock"), "secret", str(own), frozenset({os.geteuid()}))

    client = Client(UnixEndpoint(address))
    assert expected == client.ping(5)
    client.close()
    thread.join()


def test_process_of_another_user(tmp_path):
    """Nothing is sent to a process of a user who is not trusted."""
    thread, received = serve_once(tmp_path / "x.sock", b"")
    address = HostAddress(str(tmp_path / "x.sock"), "secret", "1:1", frozenset({os.geteuid() + 1}))

    with pytest.raises(HostLostError, match="belongs to another user"):
        UnixConnection(address).connect()

    thread.join()
    assert [b""] == received


def test_peer_user():
    """The system tells whose process is at the other end."""
    one, other = socket.socketpair()
    with one, other:
        assert os.geteuid() == peer_user(one)


IMPOSTOR = """
import os, socket, sys
os.setuid(65534)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
while True:
    connection, _ = listener.accept()
    if connection.recv(65536):
        open(sys.argv[2], "w").close()
    connection.close()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
def test_impostor(place, tmp_path):
    """Nothing is sent to the socket of a stale hint that another user has taken, and the run completes."""
    place.write("order.py", SLEEPER.replace("1 hour", "1 second"))
    assert 0 == place.run("run", "order.py", "-q", "--id", "first").code
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        path, received = folder / "x.sock", folder / "received"
        impostor = subprocess.Popen([sys.executable, "-c", IMPOSTOR, str(path), str(received)], cwd="/")
        place.wait_for_file(path)
        hint = {"pid": 1, "socket": str(path), "command": "stepwell run order.py", "version": "0", "secret": "s"}
        place.state.with_name("state.sqlite.owner.json").write_text(json.dumps(hint), encoding="utf-8")

        done = place.run("run", "order.py", "-q", "--id", "second")

        impostor.kill()
        impostor.wait()
        assert (0, False) == (done.code, received.exists()), done.err
