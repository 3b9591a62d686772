"""`stepwell conformance`: does everything here what it does on Cloudflare?"""

from __future__ import annotations

import os
import subprocess

import click

from stepwell._node import find_node
from stepwell.host import host_root

TARGETS = ("python", "python-js-lane", "javascript", "browser", "cloudflare")


@click.command()
@click.option("--target", "targets", multiple=True, type=click.Choice(TARGETS), help="Run on this one; repeatable.")
@click.option("-k", "text", default="", metavar="TEXT", help="Run the scenarios whose name contains TEXT.")
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(min=1), help="Run each target so often.")
@click.option("-q", "--quiet", is_flag=True, help="Print no table, only failures and sums.")
def conformance(targets: tuple[str, ...], text: str, repeat: int, *, quiet: bool) -> int:
    """
    Run the same workflow in Python and in JavaScript on every target, and compare.

    Prints scenario x target: same, differs (a difference that is known, with a reason), n.a. or failed. Time is
    virtual. The target `cloudflare` needs npm's `miniflare` beside Stepwell and is left out where that is missing.
    The exit code is 1 where an outcome differs and that is not declared.
    """
    command = [os.fspath(find_node().path), os.fspath(host_root() / "conformance" / "main.js")]
    command += [part for target in targets for part in ("--target", target)]
    command += ["-k", text, "--repeat", str(repeat), *(["--quiet"] if quiet else [])]
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode  # noqa: S603 - our own script
