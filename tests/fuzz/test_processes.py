"""Whatever a client, a file or a configuration says, no host dies, no command hangs or calls it Stepwell's fault."""

import contextlib
import gzip
import json
import os
import socket
from pathlib import Path

import pytest
from places import host_address, open_client, until

from stepwell.exceptions import InputError
from stepwell.project_loader import load_project
from stepwell.target import find_target

REQUESTS = int(os.environ.get("STEPWELL_FUZZ_REQUESTS", "500"))
"""Over the socket of a host. The long form has ten thousand."""
COMMANDS = max(10, REQUESTS // 25)
"""Files that whole commands open."""
CONFIGURATIONS = REQUESTS * 2
STORED = Path(__file__).parents[1] / "stored" / "schema_4"
INTERNAL = 70

pytestmark = pytest.mark.timeout(300 + REQUESTS)

FLOW = """
    from workers import WorkflowEntrypoint

    class Flow(WorkflowEntrypoint):
        async def run(self, event, step):
            got = await step.wait_for_event("waits", "go", timeout="1 hour")
            return got["payload"]
"""
BODIES = [
    b'{"instance_id": "a", "params": {"n": 1}}',
    b'[{"instance_id": "b"}, {"instance_id": "c"}]',
    b'{"status": "pause"}',
    b'{"instances": ["a"]}',
    b'{"payload": 1}',
    b"",
]
PATHS = [
    "",
    "/good",
    "/good/status",
    "/good/events/go",
    "/batch",
    "/batch/delete",
    "/good/subscribe?cursor=0",
    "/good/export",
]


def changed(chance, data: bytes) -> bytes:
    """Bytes with some of them changed, cut or repeated."""
    data = bytearray(data or b" ")
    at = chance.randrange(len(data))
    match chance.randrange(5):
        case 0:
            return bytes(data[:at])
        case 1:
            return bytes(data[:at] + bytes([chance.randrange(256)]) * chance.randrange(5000) + data[at:])
        case 2:
            size = min(len(data) - at, 4096)
            data[at : at + size] = bytes([chance.randrange(256)]) * size
        case _:
            for _ in range(chance.randrange(1, 9)):
                data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def request(chance, headers: dict[str, str]) -> bytes:
    """A request to the host, most of them changed."""
    body = chance.choice(BODIES)
    if chance.random() < 0.6:
        body = changed(chance, body)
    method = chance.choice(["GET", "POST", "PATCH", "DELETE", "PUT"])
    prefix = chance.choice(["", "/client/v4/accounts/default"])
    path = f"{prefix}/workflows/Flow/instances{chance.choice(PATHS)}"
    length = len(body) if chance.random() < 0.9 else chance.choice([-1, 0, 10**12])
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n"
    )
    whole = head.encode() + b"connection: close\r\n\r\n" + body
    return changed(chance, whole) if chance.random() < 0.3 else whole


def test_requests(place, chance):
    """A host that is sent requests as no client sends them answers a good one afterwards."""
    place.write("flow.py", FLOW)
    running = place.start("serve", "flow.py")
    running.read_until("Serving")
    host = running.host_pid()
    address = host_address(place.state)
    with contextlib.closing(open_client(place.state)) as client:
        client.create("Flow", "good", {})

        for _ in range(REQUESTS):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(address.socket)
                connection.settimeout(chance.choice([0.01, 0.05]))
                with contextlib.suppress(OSError):
                    connection.sendall(request(chance, address.headers))
                    connection.recv(chance.choice([1, 65536]))

        with contextlib.suppress(Exception):
            client.create("Flow", "last", {})
        until(lambda: client.status_of("Flow", "last").status == "waiting", "the host creates no instance any more")
        client.send_event("Flow", "last", "go", "gone")
        until(lambda: client.status_of("Flow", "last").status == "complete", "the host runs no instance any more")
    assert host == running.host_pid()


def unpacked(name: str) -> bytes:
    return gzip.decompress((STORED / f"{name}.gz").read_bytes())


def test_run_files(place, chance):
    """Every command that opens a run file opens it, or says what is wrong with it."""
    sound = unpacked("finished.run.sqlite")
    for _ in range(COMMANDS):
        (place.folder / "a.run.sqlite").write_bytes(changed(chance, sound))
        option = chance.choice([(), ("--json",), ("--compare", "a.run.sqlite"), ("--replay", "--trusted")])

        done = place.run("runs", "open", "a.run.sqlite", *option)

        assert done.code in {0, 1, 2}, done.err


def test_states(place, chance):
    """Every command that opens a state uses it, or says what is wrong with it, whichever pages are damaged."""
    sound, log = unpacked("state.sqlite"), unpacked("state.sqlite-wal")
    place.state.parent.mkdir()
    commands = [("workflows", "list"), ("workflows", "instances", "list", "finished")]
    commands += [
        ("workflows", "instances", "describe", "finished", "finished"),
        ("runs", "export", "finished", "f", "--force"),
    ]
    for _ in range(COMMANDS):
        place.state.write_bytes(sound)
        place.state.with_name("state.sqlite-wal").write_bytes(changed(chance, log))
        place.state.with_name("state.sqlite-shm").unlink(missing_ok=True)

        done = place.run(*chance.choice(commands))

        assert done.code in {0, 1, 2}, done.err


CONFIGURATION = {
    "wrangler.json": json.dumps(
        {
            "name": "w",
            "main": "flow.py",
            "vars": {"A": 1, "B": {"c": [1]}},
            "workflows": [
                {
                    "binding": "FLOW",
                    "name": "flow",
                    "class_name": "Flow",
                    "limits": {"steps": 10},
                    "schedules": ["0 0 * * *"],
                    "default_retention": {"success_retention": "1 day"},
                }
            ],
        }
    ),
    "wrangler.toml": 'name = "w"\nmain = "flow.py"\n[vars]\nA = 1\n[[workflows]]\nbinding = "F"\nclass_name = "Flow"\n',
    "wrangler.jsonc": '// a comment\n{"name": "w", "main": "flow.py", "workflows": [], }',
}
ODD = [
    b"[" * 5000,
    b'{"a":' * 3000,
    b"1e400",
    b"\xff\xfe",
    b'"\\ud800"',
    b"null",
    b'"1e300 days"',
    b"a." * 3000,
    b"\x00",
]


def test_configurations(place, chance):
    """A configuration is read, or refused with what is wrong with it."""
    place.write("flow.py", FLOW)
    for _ in range(CONFIGURATIONS):
        name = chance.choice(list(CONFIGURATION))
        text = CONFIGURATION[name].encode()
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(ODD) + text[at:] if chance.random() < 0.3 else changed(chance, text)
        path = place.folder / name
        path.write_bytes(text)

        with contextlib.suppress(InputError):
            load_project(find_target(str(place.folder)))

        path.unlink()
