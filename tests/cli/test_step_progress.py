"""Progress of a step, read by a client that connects again and again, over `kill -9` of the server."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from places import Place, Running

ITEMS = 10_000
FLOW = f"""
    import {{ WorkflowEntrypoint }} from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {{
      async run(event, step) {{
        const config = {{ progress: 100_000, retries: {{ limit: 5, delay: 1 }} }};
        return await step.do("count", config, async (ctx) => {{
          for (let i = 0; i < {ITEMS}; i += 50) {{
            // The first attempt goes on until the server is killed.
            if (ctx.attempt === 1 && i === 5000) await new Promise(() => {{}});
            await Promise.all(Array.from({{ length: 50 }}, (_, n) => ctx.reportProgress(i + n)));
          }}
          return ctx.attempt;
        }});
      }}
    }}
"""


def serve(place: Place) -> tuple[Running, str]:
    running = place.start("serve", "flow.mjs", "--port", "0")
    said = running.read_until("Ready on")
    found = re.search(r"http://[\d.]+:\d+", said)
    assert found
    return running, f"{found[0]}/client/v4/accounts/any/workflows/Flow/instances"


def create(address: str) -> None:
    body = json.dumps({"instance_id": "one"}).encode()
    request = urllib.request.Request(address, body, {"content-type": "application/json"}, method="POST")
    urllib.request.urlopen(request).close()


def events_after(address: str, last_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a subscription that a browser opens again, each with its id, until the connection ends."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    request = urllib.request.Request(f"{address}/one/subscribe?progress=0", headers=headers)
    with contextlib.suppress(OSError, http.client.HTTPException), urllib.request.urlopen(request) as response:
        event_id = ""
        for line in response:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                event_id = value
            elif name == "data":
                yield event_id, json.loads(value)


def test_each_item_comes_once(place: Place) -> None:
    """10,000 items, a new connection after every 3,000 events, and a server that is killed: no gap and no double."""
    place.write("flow.mjs", FLOW)
    running, address = serve(place)
    create(address)
    last_id, seen, killed = "", [], False
    while not seen or seen[-1]["type"] != "workflow_completed":
        for number, (event_id, event) in enumerate(events_after(address, last_id)):
            last_id = event_id
            seen.append(event)
            if number == 3000:
                break
        if not killed:
            killed = True
            running.kill_group()
            running.wait()
            running, address = serve(place)

    numbers = [event["progressId"] for event in seen if "progressId" in event]
    assert list(range(1, len(numbers) + 1)) == numbers
    marks = [event["progressId"] for event in seen if event["type"] == "step_progress_superseded"]
    counted = [event for event in seen if event["type"] == "step_progress" and event["progressId"] > max(marks)]
    assert list(range(ITEMS)) == [event["progress"] for event in counted]
    assert 2 == seen[-1]["output"]
    assert {2} == {event["attempt"] for event in counted}
