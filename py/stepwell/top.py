"""`stepwell top`: what all workflows do, live."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.activity_rates import COUNTED, WINDOW_S, ActivityRates
from stepwell.client import ALL_WORKFLOWS
from stepwell.exceptions import HostLostError, InputError
from stepwell.options import print_json
from stepwell.server_options import ServerChoice, server_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.client import Client, Stream
    from stepwell.responses import InstanceSummary
    from stepwell.top_screen import TopScreen
    from stepwell.top_table import WorkflowActivity

WORKFLOWS_PER_REQUEST = 100
INSTANCES_SHOWN = 50
RESTS_PER_REQUEST = 4
"""A host that takes long to count is asked less often: it rests so many times as long as it has worked."""
TICK_S = 0.1
"""Seconds between two looks at the size of the terminal and at the keys."""


@click.command(epilog=exit_codes.HELP, short_help="Show what all workflows do, live.")
@click.option("--interval", type=click.FloatRange(0.1, 3600), default=1.0, show_default=True, metavar="S")
@click.option("--sort", default=None, metavar="COLUMN", help="Sort by: name, running, errored, steps/s, …")
@click.option("--once", is_flag=True, help="Print one table after one interval, as where there is no terminal.")
@server_options
def top(*, interval: float, sort: str | None, once: bool, server: ServerChoice, as_json: bool) -> None:
    """
    Show instances by workflow and status, with rates, until Ctrl-C or q.

    Rates are those of the last 10 seconds: instances that start, complete and fail, and steps that end. s changes the
    column that the table is sorted by.
    """
    from stepwell.tables import open_table_console  # noqa: PLC0415 - rich takes its time
    from stepwell.top_table import DEFAULT_SORT, SORTS  # noqa: PLC0415

    sort = sort or DEFAULT_SORT
    if sort not in SORTS:
        raise InputError(f"--sort is {sort!r}; it must be one of: {', '.join(SORTS)}.")
    if as_json or once or not open_table_console().is_terminal:
        _print_once(server, interval, sort, as_json=as_json)
        return
    from stepwell.top_screen import TopScreen  # noqa: PLC0415

    with TopScreen(open_table_console(), sort) as screen:
        try:
            _show(server, interval, screen)
        except KeyboardInterrupt:
            return


class Monitor:
    """
    Counts what happens in a host, from when it is made until `close`.

    Args:
        client: Of the host.
        clock: In seconds; does not jump.
    """

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self.rates = ActivityRates(clock())
        self._stream = client.follow_all(filter=list(COUNTED))
        self._failure: Exception | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._read, args=(self._stream,), name="events", daemon=True).start()

    def read(self) -> tuple[list[WorkflowActivity], list[InstanceSummary]]:
        """
        Every workflow, and the newest instances.

        Raises:
            HostLostError: The host has ended.
        """
        from stepwell.top_table import NO_RATES, WorkflowActivity  # noqa: PLC0415 - rich takes its time

        if self._ended.is_set():
            raise self._failure or HostLostError("The host process ended.", sent=True)
        rates = self.rates.rates(self._clock())
        found: list[WorkflowActivity] = []
        for page in range(1, 1 << 20):
            some = self._client.workflows(page=page, per_page=WORKFLOWS_PER_REQUEST)
            found += [WorkflowActivity(each.name, each.instances, rates.get(each.name, NO_RATES)) for each in some]
            if len(some) < WORKFLOWS_PER_REQUEST:
                break
        return found, self._client.instances(ALL_WORKFLOWS, per_page=INSTANCES_SHOWN).instances

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass, fewer where the host ends."""
        self._ended.wait(seconds)

    def close(self) -> None:
        """Stop counting."""
        self._stream.close()

    def _read(self, stream: Stream) -> None:
        try:
            for line in stream.lines():
                event = json.loads(line)
                if event["type"] == "events_lost":
                    self.rates.lost += event["count"]
                else:
                    self.rates.add(self._clock(), event["workflowName"], event["type"])
        except Exception as error:  # noqa: BLE001 - it is raised again, where it can be dealt with
            self._failure = error
        finally:
            self._ended.set()


def _print_once(server: ServerChoice, interval: float, sort: str, *, as_json: bool) -> None:
    from stepwell.top_table import SORTS, sort_rows  # noqa: PLC0415 - rich takes its time

    with server.connect() as connection:
        monitor = Monitor(connection.client)
        # Where no process runs the state nothing happens, which need not be measured.
        if connection.runs:
            monitor.wait(interval)
        rows, instances = monitor.read()
        monitor.close()
    if as_json:
        described = [
            {"name": row.name, "instances": row.instances, "per_second": row.rates} for row in sort_rows(rows, sort)
        ]
        print_json(
            {"seconds": interval if connection.runs else 0, "events_lost": monitor.rates.lost, "workflows": described}
        )
        return
    if not rows:
        click.echo("There are no workflows yet.", err=True)
        return
    from stepwell.tables import open_table_console  # noqa: PLC0415
    from stepwell.top_table import instance_lines, workflow_lines  # noqa: PLC0415

    assert sort in SORTS  # noqa: S101 - checked by the command
    console = open_table_console()
    lines = workflow_lines(sort_rows(rows, sort), sort, console.width)
    if instances:
        lines += [type(lines[0])(""), *instance_lines(instances, console.width)]
    for line in lines:
        console.print(line, soft_wrap=True)


def _show(server: ServerChoice, interval: float, screen: TopScreen) -> None:
    """Show the screen until its user quits; a host that ends is waited for."""
    was_connected = False
    while not screen.is_closed:
        try:
            with server.connect() as connection:
                was_connected = True
                monitor = Monitor(connection.client)
                try:
                    _follow(monitor, interval, screen, runs=connection.runs)
                finally:
                    monitor.close()
        except (HostLostError, InputError) as error:
            if not was_connected:
                raise
            screen.problem = f"{error} Trying again."
            _rest(screen, interval)


def _follow(monitor: Monitor, interval: float, screen: TopScreen, *, runs: bool) -> None:
    while not screen.is_closed:
        began = time.monotonic()
        rows, instances = monitor.read()
        took = time.monotonic() - began
        screen.problem = None if runs else "Nothing is running this state. Start it with: stepwell serve DIR"
        screen.show(rows, instances, lost=monitor.rates.lost, seconds=WINDOW_S)
        _rest(screen, max(interval, RESTS_PER_REQUEST * took))


def _rest(screen: TopScreen, seconds: float) -> None:
    """Let time pass; what the terminal does meanwhile is answered at once."""
    until = time.monotonic() + seconds
    while not screen.is_closed and (left := until - time.monotonic()) > 0:
        screen.tick()
        screen.wait(min(left, TICK_S))
