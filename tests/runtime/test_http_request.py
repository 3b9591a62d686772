"""Requests as a client of HTTP/1.1 writes them, in whatever pieces."""

import runpy
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "runtime" / "pyodide" / "http_request.py"
HttpRequest = runpy.run_path(str(FILE))["HttpRequest"]

WITHOUT_BODY = b"GET /a HTTP/1.1\r\nHost: h\r\nX-Name: a:  b \r\n\r\n"
OF_LENGTH = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
IN_CHUNKS = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
CASES = [(WITHOUT_BODY, "GET", b""), (OF_LENGTH, "POST", b"hello"), (IN_CHUNKS, "PUT", b"hello")]


@pytest.mark.parametrize(("data", "method", "body"), CASES)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_pieces(data, method, body, size):
    """A request is complete with its last byte, and not before."""
    request = HttpRequest()

    complete = [request.add(data[start : start + size]) for start in range(0, len(data), size)]

    assert complete == [False] * (len(complete) - 1) + [True]
    assert (request.method, request.body) == (method, body)


def test_headers():
    """Headers keep their order and case; spaces around a value are no part of it."""
    request = HttpRequest()
    request.add(WITHOUT_BODY)

    assert request.headers == [("Host", "h"), ("X-Name", "a:  b")]


def test_expectation():
    """A client that waits for the server's word is told once."""
    request = HttpRequest()
    request.add(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")

    assert [request.take_expectation(), request.take_expectation()] == [True, False]
