"""The lines of `stepwell serve` for programs."""

import io
import json

import pytest

from stepwell.serving_log import ServingLog


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_line_is_json_whatever_the_stream_can_encode(encoding):
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding, errors="backslashreplace", write_through=True)

    ServingLog("json", stream, clock=lambda: 1).say("Größe 😀")

    assert {"time": 1000, "type": "notice", "text": "Größe 😀"} == json.loads(written.getvalue().decode(encoding))
