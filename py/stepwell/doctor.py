"""`stepwell doctor`: what is used, what is wrong with it, and how to repair it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stepwell import __version__, exit_codes
from stepwell.exceptions import StepwellError
from stepwell.host_connector import open_host
from stepwell.host_process import host_root
from stepwell.ledger_address import ledger_of, shown_state
from stepwell.node import find_node, host_environment, node_version
from stepwell.options import json_option, print_json, state_option
from stepwell.repair import examine_instances
from stepwell.state import DEFAULT

if TYPE_CHECKING:
    from stepwell.models import HostInfo

OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was looked at.

    Attributes:
        name: What.
        found: What is used; or what is wrong, where `ok` is false.
        ok: Whether it can be worked with.
        remedy: How to repair it, or what to know about it.
    """

    name: str
    found: str
    ok: bool = True
    remedy: str = ""

    @property
    def sign(self) -> str:
        """How it is marked for people: a finding that works but can be improved is a warning."""
        if not self.ok:
            return "❌"
        return "⚠️ " if self.remedy else "✅"


@click.command(epilog=exit_codes.SHORT_HELP, short_help="Check what Stepwell runs on.")
@state_option
@json_option
@click.option(
    "--repair", is_flag=True, help="Move damaged instances out of the state, into a file beside it. Nothing may own it."
)
def doctor(*, state: Path | None, as_json: bool, repair: bool) -> None:
    """Check Python, Node, the interpreter and the state; exit 1 if something is wrong."""
    path = (state or DEFAULT).absolute()
    findings = examine(path)
    if repair and path.exists() and ledger_of(path) is None:
        findings.append(look_at_instances(path))
    ok = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": ok, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{finding.sign} {finding.name + ':':<10} {finding.found}")
            if finding.remedy:
                click.echo(f"   {'':<10} {finding.remedy}")
    raise SystemExit(exit_codes.COMPLETE if ok else exit_codes.ERRORED)


def examine(state: Path) -> list[Finding]:
    """Look at everything; what depends on something broken is left out."""
    findings = [Finding("Stepwell", __version__), look_at_python()]
    try:
        node = find_node()
        version = node_version(node)
        root = host_root()
    except StepwellError as error:
        return [*findings, Finding("Node", str(error), ok=False)]
    findings.append(Finding("Node", f"{version}, {node.path} (from {node.source})"))
    findings += look_at_host(root)
    findings += look_at_ledger(state, node.path) if ledger_of(state) else [look_at_state(state)]
    findings += look_at_project(Path.cwd())
    return findings


def look_at_project(folder: Path) -> list[Finding]:
    """What Cloudflare would do otherwise with the project in *folder*, if there is one."""
    from stepwell.compatibility import python_difference  # noqa: PLC0415 - most folders have no project
    from stepwell.runtimes import choose_runtime  # noqa: PLC0415
    from stepwell.target import CONFIG_NAMES  # noqa: PLC0415
    from stepwell.wrangler import load_config  # noqa: PLC0415

    config = next((folder / name for name in CONFIG_NAMES if (folder / name).is_file()), None)
    if config is None:
        return []
    try:
        project = load_config(config)
        difference = python_difference(project.cloudflare_python, choose_runtime(project.main))
    except StepwellError as error:
        return [Finding("Project", str(error), ok=False)]
    return [Finding("Project", str(config), remedy=difference or "")]


def look_at_python() -> Finding:
    """The Python that runs this."""
    found = f"{platform.python_version()}, {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        return Finding("Python", found, ok=False, remedy="Use Python 3.11 or newer.")
    return Finding("Python", found)


def look_at_host(root: Path) -> list[Finding]:
    """What the host itself says, started on a state of its own."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="stepwell-") as folder,
            open_host(Path(folder, "state.sqlite"), idle=True) as connection,
        ):
            info = connection.client.host()
    except StepwellError as error:
        return [Finding("Host", str(error), ok=False, remedy="Install Stepwell again, or set STEPWELL_NODE.")]
    return [
        Finding("SQLite", f"{info.sqlite}, state format {info.schema_version}"),
        Finding("Pyodide", info.pyodide),
        look_at_snapshot(root),
    ]


def look_at_snapshot(root: Path) -> Finding:
    """Whether interpreters start from memory."""
    snapshots = sorted(path for path in (root / "snapshots").glob("*") if path.is_file())
    if snapshots:
        size = sum(path.stat().st_size for path in snapshots)
        return Finding("Snapshot", f"{snapshots[0].parent} ({size / 1e6:.1f} MB)")
    remedy = "Interpreters start slowly without it; install Stepwell again to have it made."
    return Finding("Snapshot", f"missing in {root / 'snapshots'}", remedy=remedy)


def look_at_state(state: Path) -> Finding:
    """Whether the state can be written, and who owns it."""
    folder = state.parent
    if not state.exists():
        while not folder.exists():
            folder = folder.parent
        if os.access(folder, os.W_OK):
            return Finding("State", f"{state} does not exist yet; it will be made")
        return Finding("State", f"{state} cannot be made: {folder} is not writable", ok=False, remedy=PLACE)
    try:
        with open_host(state, idle=True) as connection:
            info = connection.client.host()
            owner = connection.owner
    except StepwellError as error:
        return Finding("State", str(error), ok=False)
    return Finding("State", f"{state}, {f'owned by {owner}' if owner else 'without an owner'}, {_format(info)}")


def look_at_ledger(state: Path, node: Path) -> list[Finding]:
    """What the database is like that has the state, whose anchor is *state*."""
    address = ledger_of(state) or ""
    done = subprocess.run(  # noqa: S603 - our own script
        [str(node), str(host_root() / "js" / "server" / "examine_ledger.js")],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**host_environment(), "STEPWELL_LEDGER": address},
        check=False,
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return [Finding("Database", f"It could not be examined: {done.stderr}", ok=False)]
    return [Finding("Ledger", shown_state(state)), *(Finding(**each) for each in answer["findings"])]


def look_at_instances(state: Path) -> Finding:
    """Set damaged instances aside."""
    try:
        damaged, file = examine_instances(state, repair=True)
    except StepwellError as error:
        return Finding("Instances", str(error), ok=False)
    if not damaged:
        return Finding("Instances", "none is damaged")
    names = "; ".join(f"{each.workflow} {each.id}: {each.what}" for each in damaged)
    return Finding("Instances", f"{len(damaged)} damaged", remedy=f"Moved to {file}. {names}")


PLACE = "Make the folder writable, or give another path with --state."


def _format(info: HostInfo) -> str:
    return f"format {info.schema_version}"
