"""A Worker that times calls of its bindings."""

import json
from time import perf_counter
from urllib.parse import parse_qs, urlsplit

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    """`/?calls=N`: the time of each call in ms, by binding."""

    async def fetch(self, request):
        """One call after the other; with none, only what miniflare alone does for its first answer."""
        calls = int(parse_qs(urlsplit(request.url).query)["calls"][0])
        kv, database = self.env.KV, self.env.DB
        await kv.put("greeting", "hello")
        if calls == 0:
            return Response("{}")
        await database.prepare("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)").run()
        await database.prepare("INSERT OR REPLACE INTO t VALUES (1, 'hello')").run()
        query = database.prepare("SELECT text FROM t WHERE id = ?")
        times = {"kv": [], "d1": []}
        for _ in range(calls):
            start = perf_counter()
            await kv.get("greeting")
            times["kv"].append((perf_counter() - start) * 1000)
            start = perf_counter()
            await query.bind(1).first()
            times["d1"].append((perf_counter() - start) * 1000)
        return Response(json.dumps(times))
