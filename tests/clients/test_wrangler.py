"""Every `wrangler workflows` command, remote and in a local session."""

import json
import re

import pytest
from real_clients import run_wrangler

# More than twenty commands, each of which starts Node and loads wrangler.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(params=["remote", "local"])
def wrangler(request, server, tmp_path_factory):
    """Runs a command of the group `workflows`, and gives its exit code and all that it prints."""
    # Not below the project, whose configuration it would read.
    folder = tmp_path_factory.mktemp("wrangler")
    account = {
        "CLOUDFLARE_API_BASE_URL": f"{server.url}/client/v4",
        "CLOUDFLARE_API_TOKEN": "any",
        "CLOUDFLARE_ACCOUNT_ID": "acc",
    }
    place = ["--local", "--port", str(server.port)] if request.param == "local" else []

    def run(*command, can_be_local=True):
        return run_wrangler(folder, "workflows", *command, *(place if can_be_local else []), environment=account)

    run.is_local = request.param == "local"
    return run


def data(said):
    """The JSON of a command with `--json`."""
    code, text = said
    assert 0 == code, text
    return json.loads(text[text.index(re.search(r"[\[{]", text)[0]) :])


def test_commands(wrangler):
    """Each command succeeds and says what upstream's says."""
    assert "greet" in wrangler("list")[1]
    assert ["greet"] == [each["name"] for each in data(wrangler("list", "--json"))]
    assert re.search(r"Script Name:\s+app", wrangler("describe", "greet")[1])
    assert "app" == data(wrangler("describe", "greet", "--json"))["script_name"]
    code, said = wrangler("trigger", "greet", '{"wait": true}', "--id", "a")
    assert (0, True) == (code, 'Workflow instance "a" has been' in said)
    assert "b" == data(wrangler("trigger", "greet", '{"wait": true}', "--id", "b", "--json"))["id"]
    assert re.search(r"│ b .*│ a ", wrangler("instances", "list", "greet")[1], re.DOTALL)
    assert ["a", "b"] == [each["id"] for each in data(wrangler("instances", "list", "greet", "--reverse", "--json"))]
    assert [] == data(wrangler("instances", "list", "greet", "--status", "errored", "--json"))
    described = wrangler("instances", "describe", "greet", "latest")[1]
    assert re.search(r"Instance Id:\s+b", described)
    assert re.search(r"Last Successful Step:\s+hello-1", described)
    assert "b" == data(wrangler("instances", "describe", "greet", "--json"))["id"]
    assert 'The instance "b" from greet was paused' in wrangler("instances", "pause", "greet", "b")[1]
    assert 'The instance "b" from greet was resumed' in wrangler("instances", "resume", "greet", "latest")[1]
    event = ("instances", "send-event", "greet", "a", "--type", "approve", "--payload", '{"ok": 1}')
    assert 'was sent to the instance "a"' in wrangler(*event)[1]
    restart = ("instances", "restart", "greet", "a", "--from-step-name", "hello", "--from-step-count", "1")
    assert 'The instance "a" from greet was restarted' in wrangler(*restart)[1]
    assert "was terminated" in wrangler("instances", "terminate", "greet", "a", "--rollback")[1]
    assert "ok" == data(wrangler("instances", "terminate-all", "greet", "--json", can_be_local=False))["status"]
    code, said = wrangler("instances", "delete", "greet", "latest", "a", "nope")
    assert (1, True, True) == (code, 'Deleted workflow instances from "greet": "b", "a"' in said, "- nope: " in said)
    code, said = wrangler("delete", "greet")
    assert (0, True) == (code, "removed successfully" in said)


def test_pages(wrangler):
    """`--page N` leads through all instances, and past them to none."""
    for index in range(5):
        wrangler("trigger", "greet", '{"wait": true}', "--id", f"i{index}")

    def page(number):
        return data(wrangler("instances", "list", "greet", "--per-page", "2", "--page", str(number), "--json"))

    assert [["i4", "i3"], ["i2", "i1"], ["i0"], []] == [
        [each["id"] for each in page(number)] for number in (1, 2, 3, 4)
    ]


def test_refusals(wrangler):
    """A refusal is an error with the server's message."""
    code, said = wrangler("instances", "describe", "greet", "nope")
    assert (1, True) == (code, "instance.not_found" in said)
    wrangler("trigger", "greet", "--id", "done")
    for _ in range(100):
        if "complete" == data(wrangler("instances", "describe", "greet", "done", "--json"))["status"]:
            break
    code, said = wrangler("instances", "pause", "greet", "done")
    assert (1, True) == (code, "already complete; there is nothing to pause" in said)
