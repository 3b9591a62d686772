"""
Asks the registries for known weaknesses of the packages in use: `python notices/audit.py PIP_AUDIT NPM...`.

PIP_AUDIT is the program, NPM the command line of npm. Exit code 0: every package was looked up, and nothing is known.
1: something is known. 69: a registry has no advisories, or does not know all packages, so its silence says nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

EXIT_FOUND = 1
EXIT_UNAVAILABLE = 69


@dataclass
class Findings:
    """What a registry has said."""

    weaknesses: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """What could not be looked up, and why."""

    @property
    def exit_code(self) -> int:
        """What the script exits with."""
        if self.weaknesses:
            return EXIT_FOUND
        return EXIT_UNAVAILABLE if self.unknown else 0


def of_pip_audit(text: str) -> Findings:
    """Read the report of ``pip-audit --format json``. It exits with 0 where it could look nothing up."""
    report = _parsed(text)
    if not isinstance(report, dict) or not report.get("dependencies"):
        return Findings(unknown=["PyPI: pip-audit gave no report."])
    found = Findings()
    for package in report["dependencies"]:
        name = f"{package['name']} {package.get('version', '')}".rstrip()
        if "skip_reason" in package:
            found.unknown.append(f"PyPI: {package['skip_reason']}")
        found.weaknesses += [f"PyPI: {name}: {each['id']}" for each in package.get("vulns", [])]
    return found


def of_npm_audit(text: str) -> Findings:
    """Read the report of ``npm audit --json``."""
    report = _parsed(text)
    if not isinstance(report, dict) or "vulnerabilities" not in report:
        said = report.get("message") if isinstance(report, dict) else None
        return Findings(unknown=[f"npm: {said or 'npm audit gave no report.'}"])
    weak = report["vulnerabilities"].values()
    return Findings(weaknesses=[f"npm: {each['name']} ({each['severity']})" for each in weak])


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError:
        return None


def _output(*command: str) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def main(pip_audit: str, *npm: str) -> int:
    """Ask both, print what they say, and give the exit code."""
    all_of_it = Findings()
    for findings in (
        of_pip_audit(_output(pip_audit, "--skip-editable", "--format", "json")),
        of_npm_audit(_output(*npm, "audit", "--omit=dev", "--json")),
    ):
        all_of_it.weaknesses += findings.weaknesses
        all_of_it.unknown += findings.unknown
    for line in (*all_of_it.weaknesses, *all_of_it.unknown):
        print(line)
    if all_of_it.exit_code == EXIT_UNAVAILABLE:
        print("The registries have no advisories for all of it: this says nothing about weaknesses.")
    elif not all_of_it.weaknesses:
        print("Every package was looked up. No weakness is known.")
    return all_of_it.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
