import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

export class Counter extends DurableObject {
  calls = 0;

  constructor(ctx, env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.started = (await ctx.storage.get("n")) ?? 0;
    });
  }

  async add(amount = 1) {
    this.calls += 1;
    const n = (await this.ctx.storage.get("n")) ?? 0;
    await this.ctx.storage.put("n", n + amount);
    return n + amount;
  }

  async add_slowly() {
    const n = (await this.ctx.storage.get("n")) ?? 0;
    await Promise.resolve();
    void this.ctx.storage.put("n", n + 1);
    return n + 1;
  }

  about() {
    return { id: this.ctx.id.toString(), name: this.ctx.id.name, calls: this.calls, started: this.started };
  }

  async fetch(request) {
    return new Response(`${request.method} ${await this.add()}`);
  }

  async descend() {
    return await this.env.COUNTER.getByName(this.ctx.id.name).descend();
  }

  async fail() {
    await this.ctx.storage.put("n", 100);
    throw new RangeError("no good");
  }

  async store(value) {
    await this.ctx.storage.put("value", value);
    return await this.ctx.storage.get("value");
  }

  async values() {
    const { storage } = this.ctx;
    await storage.put({ a: 1, b: 2, c: 3 });
    return {
      some: Object.fromEntries(await storage.get(["c", "a", "x"])),
      listed: [...(await storage.list({ start: "b" })).keys()],
      reverse: [...(await storage.list({ reverse: true, limit: 2 })).keys()],
      deleted: await storage.delete("a"),
      count: await storage.delete(["a", "b"]),
      missing: (await storage.get("a")) ?? null,
    };
  }

  sql() {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t (name) VALUES (?), (?)", "x", "y");
    const cursor = sql.exec("SELECT * FROM t ORDER BY id");
    return { columns: cursor.columnNames, rows: cursor.toArray(), one: sql.exec("SELECT 1 AS n").one() };
  }

  run_sql(text) {
    return this.ctx.storage.sql.exec(text).toArray();
  }

  async transact(fails) {
    let result;
    try {
      result = await this.ctx.storage.transaction(async (txn) => {
        await txn.put("t", 1);
        if (fails) throw new Error("undone");
        return await txn.get("t");
      });
    } catch (error) {
      result = error.message;
    }
    return [result, (await this.ctx.storage.get("t")) ?? null];
  }

  abort() {
    this.ctx.abort("enough");
  }

  async reject() {
    await this.ctx.blockConcurrencyWhile(async () => {
      throw new Error("blocked");
    });
  }

  async call_other(name) {
    return await this.env.COUNTER.getByName(name).add();
  }
}

export class Alarmed extends DurableObject {
  async set(due, failures = 0) {
    await this.ctx.storage.put({ failures, fired: 0 });
    await this.ctx.storage.setAlarm(due);
  }

  async state() {
    const { storage } = this.ctx;
    return {
      fired: await storage.get("fired"),
      alarm: await storage.getAlarm(),
      info: (await storage.get("info")) ?? null,
    };
  }

  async alarm(info) {
    const { storage } = this.ctx;
    const fired = (await storage.get("fired")) + 1;
    await storage.put({ fired, info: [info.retryCount, info.isRetry, await storage.getAlarm()] });
    if (fired <= (await storage.get("failures"))) throw new Error("not yet");
  }
}

export class Room extends DurableObject {
  made = Math.random();

  async fetch(request) {
    const [client, server] = Object.values(new WebSocketPair());
    const tag = new URL(request.url).pathname.slice(1);
    this.ctx.acceptWebSocket(server, [tag]);
    server.serializeAttachment({ tag });
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, message) {
    const heard = ((await this.ctx.storage.get("heard")) ?? 0) + 1;
    await this.ctx.storage.put("heard", heard);
    if (message === "fail") throw new Error("no such message");
    const { tag } = socket.deserializeAttachment();
    for (const each of this.ctx.getWebSockets()) each.send(`${tag}: ${message} ${heard}`);
  }

  async webSocketClose(socket, code) {
    await this.ctx.storage.put("closed", [this.ctx.getWebSockets().length, code]);
  }

  async state() {
    return { made: this.made, closed: (await this.ctx.storage.get("closed")) ?? null };
  }
}

export default class extends WorkerEntrypoint {
  async fetch() {
    return new Response("worker");
  }

  async ids() {
    const ns = this.env.COUNTER;
    const id = ns.idFromName("x");
    return {
      same: id.equals(ns.idFromName("x")),
      text: ns.idFromString(id.toString()).toString() === id.toString(),
      unique: ns.newUniqueId().toString() !== ns.newUniqueId().toString(),
      stub: ns.get(id).id.toString() === id.toString() && ns.getByName("x").name === "x",
    };
  }

  async through(name) {
    return await this.env.COUNTER.getByName(name).add();
  }

  async fetched(name) {
    const response = await this.env.COUNTER.getByName(name).fetch("http://o/", { method: "POST", body: "b" });
    return await response.text();
  }

  async wrong_id() {
    return this.env.COUNTER.idFromString("0".repeat(64));
  }

  async both(name) {
    const stub = this.env.COUNTER.getByName(name);
    return (await Promise.all([1, 2, 3, 4, 5].map(() => stub.add()))).sort();
  }
}
