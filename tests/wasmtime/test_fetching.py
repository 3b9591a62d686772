"""Fetches that the host performs: whose they are, how long they take, what of them is the guest's to say."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading

import pytest

TIMEOUT_S = 60


@pytest.fixture
def serve():
    """Starts a server of one connection at a time, which *handle* answers; gives its address."""
    servers = []

    def start(handle):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        handle(connection)

        threading.Thread(target=accept, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def fetch(host):
    """Performs a fetch; gives what the guest is answered."""

    def perform(address, total_s=TIMEOUT_S, **wanted):
        fetcher = host("fetching").GuestFetcher(["127.0.0.1:*"], total_s)
        answers = queue.Queue()
        wanted = {"url": f"http://{address}/", "method": "GET", "headers": {}, "body": None, **wanted}
        fetcher.perform(1, json.dumps(wanted), answers.put)
        return json.loads(answers.get(timeout=TIMEOUT_S))

    return perform


def test_what_drips_is_given_up(serve, fetch):
    """Each byte comes in time, and all of them do not."""
    over = threading.Event()

    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b"x")

    answer = fetch(serve(drip), total_s=0.3)
    over.set()

    assert {"name": "TimeoutError", "message": "The fetch has taken too long."} == answer["error"]


def test_headers_that_drip_are_given_up(serve, fetch):
    over = threading.Event()

    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.02):
            connection.sendall(b"x-header: y\r\n")

    answer = fetch(serve(drip), total_s=0.3)
    over.set()

    assert "error" in answer


def test_where_a_request_goes_and_ends_is_ours(serve, fetch):
    """No guest names another host, or hides a second request in the body of the first."""
    seen = queue.Queue()

    def answer(connection):
        text = b""
        while b"\r\n\r\n" not in text:
            text += connection.recv(65536)
        seen.put(text.decode())
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    address = serve(answer)
    theirs = {
        "Host": "other.example",
        "Content-Length": "1",
        "transfer-encoding": "chunked",
        "Connection": "upgrade",
        "Upgrade": "h2c",
        "Expect": "100-continue",
        "TE": "trailers",
        "Proxy-Authorization": "x",
        "X-Own": "kept",
        "Content-Type": "text/plain",
    }
    body = "R0VUIC8gSFRUUC8xLjENCg0K"
    assert 200 == fetch(address, method="POST", headers=theirs, body=body)["status"]

    request = seen.get(timeout=TIMEOUT_S).lower()
    names = [line.partition(":")[0] for line in request.split("\r\n\r\n")[0].split("\r\n")[1:]]
    assert sorted(["accept-encoding", "content-length", "content-type", "host", "x-own"]) == sorted(names)
    assert f"host: {address}" in request
    assert "content-length: 18" in request


@pytest.mark.parametrize("method", ["CONNECT", "connect", "TRACE", "TRACK"])
def test_methods_for_proxies_are_refused(fetch, method):
    answer = fetch("127.0.0.1:9", method=method)

    assert {"name": "OSError", "message": f"The method {method.upper()} is not for workflows."} == answer["error"]


def test_one_instance_does_not_take_the_threads_of_others(host):
    """However many fetches it has waiting: each has a share, and takes turns."""
    fetches = host("fetch_queue").FetchQueue(threads=4, share=2)
    free, order = threading.Event(), queue.Queue()

    def hold(name):
        order.put(name)
        free.wait(TIMEOUT_S)

    for _ in range(10):
        fetches.submit("greedy", lambda: hold("greedy"))
    fetches.submit("other", lambda: hold("other"))

    began = sorted(order.get(timeout=TIMEOUT_S) for _ in range(3))
    assert ["greedy", "greedy", "other"] == began
    free.set()
    assert ["greedy"] * 8 == [order.get(timeout=TIMEOUT_S) for _ in range(8)]
