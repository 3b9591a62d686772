"""docs/bindings.md: what miniflare carries out, and the commands that install it. `STEPWELL_BINDINGS` names where."""

import json
import os
import re
import textwrap
import urllib.request

import pytest
from documents import block
from places import PATIENCE, Place

if not os.environ.get("STEPWELL_BINDINGS"):
    pytest.skip("STEPWELL_BINDINGS names no folder of `stepwell bindings install`", allow_module_level=True)

PROGRAM = """
    from workers import Response, WorkerEntrypoint


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            await self.env.DB.exec("CREATE TABLE t (id INTEGER, name TEXT)")
            await self.env.DB.prepare("INSERT INTO t VALUES (1, 'one')").run()
{block}
            await self.env.FILES.put("a", "file")
            file = await (await self.env.FILES.get("a")).text()
            return Response(" ".join([await self.env.KV.get("greeting"), row.name, file]))
"""


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.dispose()


def test_values_rows_and_files(place):
    configuration = json.loads(block("bindings.md", '"kv_namespaces"').text)
    program = block("bindings.md", "self.env.KV.put").text.rstrip()
    place.write("wrangler.json", json.dumps({"name": "app", "main": "entry.py", **configuration}))
    place.write("entry.py", PROGRAM.format(block=textwrap.indent(program, 12 * " ")))
    line = next(line for line in place.start("dev", "--port", "0").out if "Ready on " in line)

    with urllib.request.urlopen(re.search(r"Ready on (\S+)", line)[1], timeout=PATIENCE) as answer:
        assert b"hello one file" == answer.read()


def test_commands(place, tmp_path):
    """An installation is made, described and removed: not the one that other tests use."""
    place.environment["STEPWELL_BINDINGS"] = str(tmp_path / "installed")
    install, status, remove = (command.split()[1:] for command in block("bindings.md", "bindings status").commands)

    assert 0 == place.run(*install).code
    assert 0 == place.run(*status).code
    assert any((tmp_path / "installed").iterdir())
    assert 0 == place.run(*remove).code
    assert 1 == place.run(*status).code
