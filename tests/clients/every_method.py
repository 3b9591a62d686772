"""Every method for workflows of Cloudflare's Python client, and its loops over all pages: prints what came, as JSON."""

import json
import sys
import threading
import time
import warnings

from cloudflare import BadRequestError, Cloudflare, NotFoundError

URL, ACCOUNT = sys.argv[1], "acc"
client = Cloudflare(base_url=f"{URL}/client/v4", api_token="any", max_retries=0, _strict_response_validation=True)
# The client's types say that outputs are text or numbers; those of workflows are any value.
lenient = Cloudflare(base_url=f"{URL}/client/v4", api_token="any", max_retries=0)
workflows = client.workflows
instances = workflows.instances
in_greet = {"workflow_name": "greet", "account_id": ACCOUNT}
found = {}


def until(status, instance_id):
    for _ in range(600):
        detail = lenient.workflows.instances.get(instance_id, **in_greet)
        if detail.status == status:
            return detail
        time.sleep(0.05)
    raise SystemExit(f"{instance_id} does not become {status}")


warnings.simplefilter("ignore")  # outputs that are objects, where the client's types say text
found["list"] = [each.name for each in workflows.list(account_id=ACCOUNT)]
found["search"] = [each.name for each in workflows.list(account_id=ACCOUNT, search="zzz")]
found["get"] = workflows.get("greet", account_id=ACCOUNT).script_name
updated = workflows.update("second", account_id=ACCOUNT, class_name="Greet", script_name="app", limits={"steps": 9})
found["update"] = [updated.name, updated.is_deleted, updated.terminator_running]
versions = list(workflows.versions.list("second", account_id=ACCOUNT))
found["versions"] = [each.limits.steps for each in versions]
found["version"] = workflows.versions.get(versions[0].id, workflow_name="second", account_id=ACCOUNT).language
graph = workflows.versions.graph(versions[0].id, workflow_name="second", account_id=ACCOUNT).graph
found["graph"] = [graph.workflow.class_name, *(node.type for node in graph.workflow.nodes)]

made = instances.create("greet", account_id=ACCOUNT, instance_id="a", params='{"name": "Ada"}')
found["create"] = [made.id, made.workflow_id]
found["params"] = until("complete", "a").params
found["output"] = until("complete", "a").output
found["simple"] = len(lenient.workflows.instances.get("a", simple="true", **in_greet).steps)
found["step"] = instances.step("a", name="hello-1", type="step", **in_greet).output
bulk = [{"instance_id": "b", "params": '{"wait": true}'}, {"instance_id": "c", "params": '{"wait": true}'}]
found["bulk"] = [each.id for each in instances.bulk("greet", account_id=ACCOUNT, body=bulk)]
until("waiting", "b")
found["pause"] = instances.status.edit("b", status="pause", **in_greet).status
# Unless it runs already.
found["resume"] = instances.status.edit("b", status="resume", **in_greet).status.replace("running", "queued")
until("waiting", "b")
sent = instances.events.create("approve", instance_id="b", body={"ok": 1}, **in_greet)
found["event"] = [sent.instance_id, until("complete", "b").output]
found["wait"] = instances.step("b", name="answer-1", type="waitForEvent", **in_greet).event_type
found["terminate"] = instances.status.edit("c", status="terminate", rollback=True, **in_greet).status
restarted = instances.status.edit("c", status="restart", from_={"name": "hello"}, **in_greet)
found["restart"] = restarted.status.replace("running", "queued")
for name, error, call in (
    ("exists", BadRequestError, lambda: instances.create("greet", account_id=ACCOUNT, instance_id="a")),
    ("missing", NotFoundError, lambda: instances.get("nope", **in_greet)),
):
    try:
        call()
    except error as refusal:
        found[name] = [refusal.status_code, refusal.errors[0].code]
found["delete"] = workflows.delete("second", account_id=ACCOUNT).status

pages = {}
for count in (0, 1, 25, 60):
    for index in range(len(list(workflows.list(account_id=ACCOUNT))) - 1, count - 1):
        workflows.update(f"w{index}", account_id=ACCOUNT, class_name="Greet", script_name="app")
    names = [each.name for each in workflows.list(account_id=ACCOUNT, search="nothing" if count == 0 else "")]
    pages[count] = [len(names), len(set(names))]
found["workflows"] = pages
found["none"] = len(list(instances.list("w0", account_id=ACCOUNT)))
for start in range(0, 250, 50):
    instances.bulk("w0", account_id=ACCOUNT, body=[{"instance_id": f"i{start + i}"} for i in range(50)])
over = threading.Event()


def create_more():
    other = Cloudflare(base_url=f"{URL}/client/v4", api_token="any")
    while not over.is_set():
        other.workflows.instances.create("w0", account_id=ACCOUNT)


creator = threading.Thread(target=create_more)
creator.start()
listed = [each.id for each in instances.list("w0", account_id=ACCOUNT)]
over.set()
creator.join()
known = [each for each in listed if each.startswith("i") and each[1:].isdigit()]
found["instances"] = [len(known), len(listed) - len(set(listed))]
json.dump(found, sys.stdout)
