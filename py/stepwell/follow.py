"""Following an instance to its end, while time passes and people interrupt."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from stepwell.statuses import FINAL_STATUSES
from stepwell.timeline import STATUS_OF_EVENT

if TYPE_CHECKING:
    from stepwell.client import Client, Subscription
    from stepwell.progress import Progress
    from stepwell.responses import Event

TICK_S = 0.1
"""Seconds between two looks at the clock while nothing happens."""


class Follower:
    """
    Reads an instance's events and shows them.

    Attributes:
        last: The event with which it ended; None as long as it has not.
        cursor: The last event seen, after which a later subscription continues.
    """

    def __init__(self, workflow: str, instance_id: str, progress: Progress) -> None:
        self._workflow = workflow
        self._instance_id = instance_id
        self._progress = progress
        self._last_log = 0.0
        self._logs_seen_until = 0.0
        self.last: Event | None = None
        self.cursor = 0

    def follow(self, client: Client) -> None:
        """
        Show what happens until the stream ends.

        The stream is read in a thread, so that the main one can draw, and be interrupted.

        Raises:
            HostLostError: The host is gone; following can continue with another.
        """
        # Lines of user code have no cursor: every subscription begins with all of them.
        self._logs_seen_until = self._last_log
        items: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()
        subscription = client.subscribe(self._workflow, self._instance_id, self.cursor)
        reader = threading.Thread(target=_read, args=(subscription, items), name="subscription", daemon=True)
        reader.start()
        try:
            self._take_all(items)
        finally:
            subscription.close()

    def _take_all(self, items: queue.SimpleQueue[Event | Exception | None]) -> None:
        while True:
            try:
                item = items.get(timeout=TICK_S)
            except queue.Empty:
                self._progress.tick()
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            self._take(item)
            if items.empty():
                self._progress.tick()

    def _take(self, event: Event) -> None:
        if event.type == "log":
            if event.timestamp <= self._logs_seen_until:
                return
            self._last_log = event.timestamp
        self.cursor = event.event_id or self.cursor
        self._progress.show(event)
        if STATUS_OF_EVENT.get(event.type) in FINAL_STATUSES:
            self.last = event


def _read(subscription: Subscription, items: queue.SimpleQueue[Event | Exception | None]) -> None:
    try:
        for event in subscription:
            items.put(event)
    except Exception as error:  # noqa: BLE001 - it is raised again, where it can be dealt with
        items.put(error)
    else:
        items.put(None)
