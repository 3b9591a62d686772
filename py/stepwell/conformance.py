"""`stepwell conformance`: does everything here what it does on Cloudflare?"""

from __future__ import annotations

import os
import subprocess
import sys

import click

from stepwell.host_process import host_root
from stepwell.node import find_node
from stepwell.runtimes import find_upstream_sdk


@click.command(short_help="Compare workflows in Python and JavaScript.")
@click.option("--target", "targets", multiple=True, metavar="NAME", help="Run on this one; repeatable. Default: all.")
@click.option("-k", "text", default="", metavar="TEXT", help="Run the scenarios whose name contains TEXT.")
@click.option(
    "--scenarios",
    "places",
    multiple=True,
    metavar="PATH",
    help="Run the scenarios of this module, or of those in this folder, in place of the suite's own; repeatable.",
)
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(min=1), help="Run each target so often.")
@click.option("-q", "--quiet", is_flag=True, help="Print no table, only failures and sums.")
def conformance(targets: tuple[str, ...], text: str, places: tuple[str, ...], repeat: int, *, quiet: bool) -> int:
    """
    Run the same workflow in Python and in JavaScript on every target, and compare.

    Prints scenario x target: same, differs (a difference that is known, with a reason), n.a. or failed. Time is
    virtual. A target that needs something that is not installed says so and is left out: `python-upstream-sdk`
    Cloudflare's own SDK (the extra upstream-sdk), `wasmtime` the extra of that name, `cloudflare` npm's miniflare,
    `browser` a Chromium. The exit code is 1 where an outcome differs and that is not declared, or where a target that
    was asked for cannot be run, and 2 where there is no such target or no such scenario.

    \b
    A scenario of your own is an object in the default export of a JavaScript module:
      export default [{
        name: "mine: a step",
        python: 'return await step.do("a")(lambda: 1)()',
        javascript: 'return await step.do("a", () => 1);',
        expect: { output: 1 },
      }];
    """  # noqa: D301 - click's sign for lines that are kept
    environment = dict(os.environ)
    environment.setdefault("STEPWELL_HOST_PYTHON", sys.executable)
    if (sdk := find_upstream_sdk()) is not None:
        environment.setdefault("STEPWELL_UPSTREAM_SDK", os.fspath(sdk))
    command = [os.fspath(find_node().path), os.fspath(host_root() / "conformance" / "main.js")]
    command += [part for target in targets for part in ("--target", target)]
    command += [part for place in places for part in ("--scenarios", place)]
    command += ["-k", text, "--repeat", str(repeat), *(["--quiet"] if quiet else [])]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, env=environment)  # noqa: S603 - our own script
    return done.returncode
