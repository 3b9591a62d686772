import asyncio
import random

from js import WebSocketPair
from pyodide.ffi import to_js

from workers import DurableObject, Response, WorkerEntrypoint


class Counter(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.calls = 0
        ctx.blockConcurrencyWhile(self.start)

    async def start(self):
        self.started = await self.ctx.storage.get("n") or 0

    async def add(self, amount=1):
        self.calls += 1
        n = await self.ctx.storage.get("n") or 0
        await self.ctx.storage.put("n", n + amount)
        return n + amount

    async def add_slowly(self):
        n = await self.ctx.storage.get("n") or 0
        await asyncio.sleep(0)
        self.ctx.storage.put("n", n + 1)
        return n + 1

    async def about(self):
        return {"id": self.ctx.id.toString(), "name": self.ctx.id.name, "calls": self.calls, "started": self.started}

    async def fetch(self, request):
        return Response(f"{request.method} {await self.add()}")

    async def descend(self):
        return await self.env.COUNTER.getByName(self.ctx.id.name).descend()

    async def fail(self):
        await self.ctx.storage.put("n", 100)
        raise ValueError("no good")

    async def store(self, value):
        await self.ctx.storage.put("value", value)
        return await self.ctx.storage.get("value")

    async def values(self):
        storage = self.ctx.storage
        await storage.put({"a": 1, "b": 2, "c": 3})
        return {
            "some": await storage.get(["c", "a", "x"]),
            "listed": list(await storage.list({"start": "b"})),
            "reverse": list(await storage.list(reverse=True, limit=2, prefix="")),
            "deleted": await storage.delete("a"),
            "count": await storage.delete(["a", "b"]),
            "missing": await storage.get("a"),
        }

    async def sql(self):
        sql = self.ctx.storage.sql
        sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t (name) VALUES (?), (?)", "x", "y")
        cursor = sql.exec("SELECT * FROM t ORDER BY id")
        return {"columns": list(cursor.columnNames), "rows": cursor.toArray(), "one": sql.exec("SELECT 1 AS n").one()}

    async def run_sql(self, text):
        return self.ctx.storage.sql.exec(text).toArray()

    async def transact(self, fails):
        async def closure(txn):
            await txn.put("t", 1)
            if fails:
                raise ValueError("undone")
            return await txn.get("t")

        try:
            result = await self.ctx.storage.transaction(closure)
        except ValueError as error:
            result = str(error)
        return [result, await self.ctx.storage.get("t")]

    def abort(self):
        try:
            self.ctx.abort("enough")
        except Exception:  # noqa: BLE001 - as much of users' code has it
            print("it goes on after its abort")

    async def reject(self):
        async def fails():
            raise TimeoutError("blocked")  # which is no limit of the object's

        await self.ctx.blockConcurrencyWhile(fails)

    async def call_other(self, name):
        return await self.env.COUNTER.getByName(name).add()


class Alarmed(DurableObject):
    async def set(self, due, failures=0):
        await self.ctx.storage.put({"failures": failures, "fired": 0})
        await self.ctx.storage.setAlarm(due)

    async def state(self):
        return {
            "fired": await self.ctx.storage.get("fired"),
            "alarm": await self.ctx.storage.getAlarm(),
            "info": await self.ctx.storage.get("info"),
        }

    async def alarm(self, info):
        fired = await self.ctx.storage.get("fired") + 1
        await self.ctx.storage.put(
            {"fired": fired, "info": [info.retryCount, info.isRetry, await self.ctx.storage.getAlarm()]}
        )
        if fired <= await self.ctx.storage.get("failures"):
            raise ValueError("not yet")


class Room(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.made = random.random()

    async def fetch(self, request):
        client, server = WebSocketPair.new().object_values()
        tag = request.url.rpartition("/")[2]
        self.ctx.acceptWebSocket(server, [tag])
        server.serializeAttachment(to_js({"tag": tag}))
        return Response(None, status=101, web_socket=client)

    async def webSocketMessage(self, socket, message):  # noqa: N802 - upstream's name
        heard = (await self.ctx.storage.get("heard") or 0) + 1
        await self.ctx.storage.put("heard", heard)
        if message == "fail":
            raise ValueError("no such message")
        tag = socket.deserializeAttachment().tag
        for each in self.ctx.getWebSockets():
            each.send(f"{tag}: {message} {heard}")

    async def webSocketClose(self, socket, code):  # noqa: N802 - upstream's name
        await self.ctx.storage.put("closed", [len(self.ctx.getWebSockets()), code])

    async def state(self):
        return {"made": self.made, "closed": await self.ctx.storage.get("closed")}


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("worker")

    async def ids(self):
        ns = self.env.COUNTER
        known = ns.idFromName("x")
        return {
            "same": known.equals(ns.idFromName("x")),
            "text": ns.idFromString(known.toString()).toString() == known.toString(),
            "unique": ns.newUniqueId().toString() != ns.newUniqueId().toString(),
            "stub": ns.get(known).id.toString() == known.toString() and ns.getByName("x").name == "x",
        }

    async def through(self, name):
        return await self.env.COUNTER.getByName(name).add()

    async def fetched(self, name):
        response = await self.env.COUNTER.getByName(name).fetch("http://o/", method="POST", body="b")
        return await response.text()

    async def wrong_id(self):
        return self.env.COUNTER.idFromString("0" * 64)

    async def both(self, name):
        stub = self.env.COUNTER.getByName(name)
        return sorted(await asyncio.gather(*(stub.add() for _ in range(5))))
