"""`wrangler d1` and `wrangler kv` act on the rows and keys that bindings of a project have."""

import json
import re
import urllib.request

import pytest
from real_clients import Server, run_wrangler

from stepwell.bindings import installation_folder, is_installed

MAIN = """
import json
from urllib.parse import unquote, urlsplit

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if urlsplit(request.url).path == "/kv":
            return Response(await self.env.KV.get("greeting") or "nothing")
        sql = unquote(urlsplit(request.url).query)
        rows = (await self.env.DB.prepare(sql).run()).results
        return Response(json.dumps([row if isinstance(row, dict) else row.to_py() for row in rows]))
"""
CONFIG = {
    "name": "shop",
    "main": "shop.py",
    "compatibility_date": "2026-09-08",
    "compatibility_flags": ["python_workers"],
    "kv_namespaces": [{"binding": "KV", "id": "cache"}],
    "d1_databases": [{"binding": "DB", "database_name": "shop", "database_id": "shop", "migrations_dir": "changes"}],
}
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def project(tmp_path):
    if not is_installed(installation_folder()):
        pytest.skip("`stepwell bindings install` has not been run")
    (tmp_path / "shop.py").write_text(MAIN)
    (tmp_path / "wrangler.json").write_text(json.dumps(CONFIG))
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "0001_items.sql").write_text("CREATE TABLE items (name TEXT, price INTEGER);")
    return tmp_path


def wrangler(folder, *command):
    code, said = run_wrangler(folder, *command, "--local")
    assert 0 == code, said
    return said


def served(project, *paths):
    """The answers of the project's Worker."""
    server = Server(project, files=False)
    try:
        answers = []
        for path in paths:
            with urllib.request.urlopen(server.url + path) as response:
                answers.append(response.read().decode())
        return answers
    finally:
        server.close()


def test_migrations_and_rows(project):
    wrangler(project, "d1", "migrations", "apply", "shop")
    wrangler(project, "d1", "execute", "shop", "--command", "INSERT INTO items VALUES ('tea', 3)")

    rows, _ = served(project, "/?SELECT%20*%20FROM%20items", "/?INSERT%20INTO%20items%20VALUES%20('milk',2)")

    assert [{"name": "tea", "price": 3}] == json.loads(rows)
    listed = wrangler(project, "d1", "execute", "shop", "--command", "SELECT name FROM items", "--json")
    found = json.loads(listed[listed.index(re.search(r"[\[{]", listed)[0]) :])
    assert [{"name": "tea"}, {"name": "milk"}] == found[0]["results"]


def test_keys(project):
    wrangler(project, "kv", "key", "put", "greeting", "hello", "--binding", "KV")

    assert ["hello"] == served(project, "/kv")
