"""`stepwell serve --port`, `stepwell tokens` and `stepwell audit`."""

import json
import re
import urllib.error
import urllib.request

import pytest
from places import until


def get(url, *, method="GET", body=None, **headers):
    """The result of a request, and its status."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def served(place, approval):
    """The address of the API of a served project, as an account of its own has it."""

    def serve(*options):
        place.write("wrangler.json", json.dumps(CONFIG))
        said = place.start("serve", ".", "--port", "0", *options).read_until("Ready on")
        url = re.search(r"REST: (\S+)\)", said)[1]
        return f"{url}/accounts/acc/workflows"

    return serve


CONFIG = {
    "name": "app",
    "main": "approval.py",
    "workflows": [{"binding": "APPROVAL", "name": "approval", "class_name": "ApprovalWorkflow"}],
}


def test_rest(served, place):
    """A served project is there for Cloudflare's clients, with the Worker's name."""
    url = served()

    _, workflows = get(url)
    _, made = get(f"{url}/approval/instances", method="POST", body={"instance_id": "a", "params": '{"x": 1}'})
    _, detail = get(f"{url}/approval/instances/a")

    assert [("approval", "app")] == [(each["name"], each["script_name"]) for each in workflows["result"]]
    assert "a" == made["result"]["id"]
    assert {"x": 1} == detail["result"]["params"]


def test_update(served):
    """Another class of the script, or other settings, are registered; an unknown script or class is refused."""
    url = served()
    body = {"class_name": "ApprovalWorkflow", "script_name": "app", "limits": {"steps": 5}, "schedules": []}

    _, made = get(f"{url}/second", method="PUT", body=body)
    _, versions = get(f"{url}/second/versions")
    no_script, _ = get(f"{url}/second", method="PUT", body={**body, "script_name": "nope"})
    no_class, refused = get(f"{url}/second", method="PUT", body={**body, "class_name": "Nope"})

    assert ("second", 0) == (made["result"]["name"], made["result"]["is_deleted"])
    assert {"steps": 5} == versions["result"][0]["limits"]
    assert (404, 400) == (no_script, no_class)
    assert "Found: ApprovalWorkflow." in refused["errors"][0]["message"]


def test_tokens(served, place):
    """Tokens are created, listed without their secrets, and revoked while the server runs."""
    url = served("--require-token")
    made = place.run("tokens", "create", "ci", "--scope", "read", "--expires", "1d", "--json").json
    as_token = {"Authorization": f"Bearer {made['secret']}"}

    statuses = [get(url)[0], get(url, **as_token)[0], get(f"{url}/approval", method="DELETE", **as_token)[0]]
    listed = place.run("tokens", "list").out
    place.run("tokens", "revoke", made["id"])

    assert [401, 200, 403] == statuses
    assert made["id"] in listed
    assert made["secret"] not in listed
    assert 401 == get(url, **as_token)[0]


def test_no_token_yet(served, place):
    """A server that requires a token says how to create the first one."""
    place.write("wrangler.json", json.dumps(CONFIG))
    running = place.start("serve", ".", "--port", "0", "--ip", "0.0.0.0")

    assert "stepwell tokens create NAME" in running.read_until("no token exists")


def test_bad_expiry(place):
    """A length of time that is none is refused."""
    done = place.run("tokens", "create", "ci", "--expires", "soon")

    assert (2, True) == (done.code, "--expires is 'soon'" in done.err)


def test_audit(served, place):
    """The audit log says who terminated what, from the network and on the command line."""
    url = served()
    get(f"{url}/approval/instances", method="POST", body={"instance_id": "a"})
    get(f"{url}/approval/instances/a/status", method="PATCH", body={"status": "terminate"})
    place.run("workflows", "instances", "delete", "approval", "a")

    entries = place.run("audit", "--json").json
    table = place.run("audit").out

    assert [("local user", "instances.delete"), ("anonymous@127.0.0.1", "instance.terminate")] == [
        (entry["actor"], entry["action"]) for entry in entries
    ]
    assert "instance.terminate" in table


def test_accounts(served, place):
    """A project that is served for an account is in that account only."""
    url = served("--account", "acme")

    assert [] == get(url)[1]["result"]
    assert ["approval"] == [each["name"] for each in get(url.replace("/acc/", "/acme/"))[1]["result"]]


def test_port_in_use(served, place):
    """A port that another program has is a mistake of the command line."""
    port = re.search(r":(\d+)/", served())[1]

    done = place.run("serve", ".", "--port", port, "--state", "other.sqlite")

    assert (2, True) == (done.code, "another program listens there. Give another port with --port." in done.err)


def test_version_of_changed_code(served, place, approval):
    """An instance shows the version of the code that runs it, also after the code has changed."""
    url = served()
    get(f"{url}/approval/instances", method="POST", body={"instance_id": "a"})
    before = get(f"{url}/approval/versions")[1]["result"]
    approval.write_text(approval.read_text().replace('"asked"', '"asked again"'))
    ids = []

    def runs_changed_code():
        """Not each pass has the newest code: the host looks at it now and then."""
        ids.append(f"b{len(ids)}")
        get(f"{url}/approval/instances", method="POST", body={"instance_id": ids[-1]})
        path = f"{url}/approval/instances/{ids[-1]}"
        until(lambda: get(path)[1]["result"]["start"] is not None, "it does not start")
        return get(path)[1]["result"]["versionId"] != before[0]["id"]

    until(runs_changed_code, "no instance runs the changed code")

    instances = {each["id"]: each["version_id"] for each in get(f"{url}/approval/instances")[1]["result"]}
    versions = [each["id"] for each in get(f"{url}/approval/versions")[1]["result"]]

    assert before[0]["id"] == instances["a"]
    assert [instances[ids[-1]], instances["a"]] == versions
