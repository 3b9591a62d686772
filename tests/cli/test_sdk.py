"""`--sdk`: which package workflows import as `workers`."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell import runtimes
from stepwell.compatibility import sdk_flags
from stepwell.config.document import read_document
from stepwell.config.environment import select_environment
from stepwell.exceptions import InputError
from stepwell.runtimes import choose_runtime

FLOW = Path("flow.py")


def test_upstream(monkeypatch, tmp_path):
    """Cloudflare's own SDK is used from where it is installed."""
    monkeypatch.setattr(runtimes, "find_upstream_sdk", lambda: tmp_path)

    assert {"name": "pyodide", "sdk": str(tmp_path)} == choose_runtime(FLOW, sdk="upstream")


def test_own():
    """Our own is what there is by default, and may be asked for."""
    assert {"name": "pyodide"} == choose_runtime(FLOW) == choose_runtime(FLOW, sdk="own")


def test_not_installed(monkeypatch):
    """Where it is not installed, the refusal says how to install it."""
    monkeypatch.setattr(runtimes, "find_upstream_sdk", lambda: None)

    with pytest.raises(InputError, match=r"workers-runtime-sdk is not installed here\..*stepwell\[upstream-sdk\]"):
        choose_runtime(FLOW, sdk="upstream")


@pytest.mark.parametrize(
    ("main", "runtime", "sdk", "refusal"),
    [
        (FLOW, None, "upstraem", r"There is no SDK 'upstraem'\. There are own and upstream\."),
        (FLOW, "cpython", "upstream", r"--sdk upstream is for --runtime pyodide"),
        (Path("flow.mjs"), None, "upstream", r"--sdk are for Python workflows"),
    ],
)
def test_refused(main, runtime, sdk, refusal):
    """An SDK that there is not, or not there, is refused."""
    with pytest.raises(InputError, match=refusal):
        choose_runtime(main, runtime, sdk=sdk)


def configuration(folder):
    """A configuration without an environment: what errors take its name from."""
    path = folder / "wrangler.toml"
    path.write_text('main = "flow.py"\n', encoding="utf-8")
    document = read_document(path)
    return document, select_environment(document, None)


IMPLICIT = "python_workflows_implicit_dependencies"
COMMAS = "python_request_headers_preserve_commas"


@pytest.mark.parametrize(
    ("date", "flags", "implicit", "commas"),
    [
        (None, [], True, True),
        ("2026-02-25", [], True, True),
        ("2026-02-24", [], False, True),
        ("2026-02-16", ["python_workers"], False, False),
        ("2026-02-16", [IMPLICIT], True, False),
        ("2026-11-01", [f"no_{IMPLICIT}", f"no_{COMMAS}"], False, False),
    ],
)
def test_flags(tmp_path, date, flags, implicit, commas):
    """A flag is what is said of it, and otherwise what it is by default at the compatibility date."""
    found = sdk_flags(*configuration(tmp_path), date, flags)

    assert [IMPLICIT if implicit else f"no_{IMPLICIT}", COMMAS if commas else f"no_{COMMAS}"] == found


@pytest.mark.parametrize(
    ("date", "flags", "refusal"),
    [
        ("yesterday", [], r"compatibility_date is 'yesterday'; it must be a day such as 2026-11-01\."),
        (None, [IMPLICIT, f"no_{IMPLICIT}"], rf"compatibility_flags has both {IMPLICIT} and no_{IMPLICIT}\."),
    ],
)
def test_bad_flags(tmp_path, date, flags, refusal):
    """What is no date, or contradicts itself, is refused."""
    with pytest.raises(InputError, match=refusal):
        sdk_flags(*configuration(tmp_path), date, flags)


FLOW_OF_EITHER_KIND = """
from workers import WorkflowEntrypoint

class Sum(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("one")
        async def one():
            return 1

        try:
            @step.do("two", [one])
            async def two(one):
                return one + 1
        except TypeError:
            return "by name"
        return await two()
"""


@pytest.mark.skipif(runtimes.find_upstream_sdk() is None, reason="workers-runtime-sdk is not installed")
@pytest.mark.parametrize(("date", "output"), [("2026-02-25", "by name"), ("2026-02-24", 2)])
def test_signature_by_date(place, date, output):
    """The compatibility date says which of its two signatures Cloudflare's SDK has."""
    place.write("flow.py", FLOW_OF_EITHER_KIND)
    place.write(
        "wrangler.toml",
        f"""
        main = "flow.py"
        compatibility_date = "{date}"
        compatibility_flags = ["python_workers"]
        workflows = [{{ binding = "SUM", name = "sum", class_name = "Sum" }}]
        """,
    )

    assert output == place.run("run", ".", "--sdk", "upstream", "-q").json
