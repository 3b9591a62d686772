"""Several engines on one state in PostgreSQL divide its queues among them."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

import pytest
from places import until

BATCH = 5
CONFIG = {
    "name": "app",
    "main": "app.mjs",
    "queues": {
        "producers": [{"binding": "JOBS", "queue": "jobs"}],
        "consumers": [{"queue": "jobs", "max_batch_size": BATCH, "max_batch_timeout": 0, "max_retries": 100}],
    },
}
APP = """
    import { appendFileSync } from "node:fs";
    import { setTimeout as rest } from "node:timers/promises";

    export default {
      async fetch(request, env) {
        const url = new URL(request.url);
        try {
          await env.JOBS.send("x".repeat(Number(url.searchParams.get("size") ?? 0)) + url.searchParams.get("body"));
          return new Response("sent");
        } catch (error) {
          return new Response(`${error.name}: ${error.message}`, { status: 500 });
        }
      },
      async queue(batch) {
        for (const { body, attempts } of batch.messages)
          appendFileSync("began", `${process.pid} ${body} ${attempts}\\n`);
        await rest(200);
        for (const { body } of batch.messages) appendFileSync("ended", `${body}\\n`);
      },
    };
"""
"""It sends what a request names, and leaves a line when a message begins and when it has ended."""


@pytest.fixture
def engines(machines):
    machines[0].write("app.mjs", APP)
    machines[0].write("wrangler.json", json.dumps(CONFIG))
    return machines


def serve(machine, state):
    """The process, and the address of its listener."""
    serving = machine.start("serve", ".", "--port", "0", "--state", state)
    return serving, re.search(r"http://127\.0\.0\.1:\d+", serving.read_until("Ready on http"))[0]


def serve_together(machines, cluster, state, schema):
    both = [serve(machine, state) for machine in machines]
    held = f"SELECT string_agg(n::text, ' ') FROM (SELECT count(*) AS n FROM {schema}.parts GROUP BY holder) AS each"
    until(lambda: cluster.query(held) == "32 32", "the engines do not share the state equally")
    return both


def send(url, body, size=0):
    """What the Worker of the engine at *url* answers."""
    try:
        with urllib.request.urlopen(f"{url}/?body={body}&size={size}", timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def lines(machine, name):
    path = machine.folder / name
    return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []


def test_two_engines(cluster, engines):
    """Both send, and one of them delivers each message once."""
    one, _ = engines
    state = cluster.address(schema="queues", engines="several")
    urls = [url for _, url in serve_together(engines, cluster, state, "queues")]

    bodies = [f"m{n}" for n in range(20)]
    assert {"sent"} == {send(urls[n % 2], body) for n, body in enumerate(bodies)}
    until(lambda: len(lines(one, "ended")) >= len(bodies), "the messages are not delivered")

    began = lines(one, "began")
    assert sorted((body, "1") for body in bodies) == sorted((body, attempts) for _, body, attempts in began)
    assert 1 == len({process for process, _, _ in began})
    until(lambda: cluster.query("SELECT count(*) FROM queues.queue_messages") == "0", "messages are left")
    refusals = {send(url, "", size=130_000) for url in urls}
    assert {"TypeError: A message of a queue has at most 128000 bytes; one has 130002."} == refusals


def test_the_holder_is_killed(cluster, engines):
    """The other engine delivers what was sent, and what was with the handler comes again."""
    one, _ = engines
    state = cluster.address(schema="held", engines="several", lease_ms="600000")
    both = serve_together(engines, cluster, state, "held")
    assert "sent" == send(both[0][1], "first")
    until(lambda: lines(one, "began"), "the first message is not delivered")
    holder = lines(one, "began")[0][0]
    [victim] = [serving for serving, _ in both if str(serving.host_pid()) == holder]
    [survivor] = [url for serving, url in both if serving is not victim]

    bodies = [f"m{n}" for n in range(30)]
    assert {"sent"} == {send(survivor, body) for body in bodies}
    victim.kill_group()
    late = [send(survivor, f"late{n}") for n in range(5)]

    assert ["sent"] * 5 == late
    wanted = {"first", *bodies, *(f"late{n}" for n in range(5))}
    until(lambda: wanted <= {body for (body,) in lines(one, "ended")}, "messages are lost")
    until(lambda: cluster.query("SELECT count(*) FROM held.queue_messages") == "0", "messages are left")
    again = [body for _, body, attempts in lines(one, "began") if attempts != "1"]
    assert len(again) <= BATCH, "only what was with the handler comes again"
    assert 2 == len({process for process, _, _ in lines(one, "began")})


def test_an_engine_joins_and_leaves(cluster, engines):
    """Messages that are sent while parts change hands are delivered once: no batch is cut."""
    one, two = engines
    state = cluster.address(schema="moving", engines="several")
    _, url = serve(one, state)
    bodies = [f"m{n}" for n in range(40)]
    for body in bodies[:20]:
        assert "sent" == send(url, body)
    serving, _ = serve(two, state)
    for body in bodies[20:]:
        assert "sent" == send(url, body)
    until(lambda: len(lines(one, "ended")) >= len(bodies), "the messages are not delivered")
    serving.interrupt()
    serving.wait()
    assert "sent" == send(url, "last")
    until(lambda: ("last",) in lines(one, "ended"), "the last message is not delivered")

    assert sorted([*bodies, "last"]) == sorted(body for _, body, _ in lines(one, "began"))
