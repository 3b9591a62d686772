"""What clients do while engines fail: they create instances, and send events and commands to any engine."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

from members import NoAnswerError, RefusedError

if TYPE_CHECKING:
    import random

    from members import Member

AT_ONCE = 24
"""How many instances are under way."""
FINAL = ("complete", "errored", "terminated")
EVENTS = 2
"""How many events each instance waits for."""
COMMANDED = "commanded"
"""How ids begin of instances that get commands. The others get events only, and each of their steps is looked at."""


class Instance:
    """
    What a client knows of an instance.

    Attributes:
        is_created: An engine has said so.
        received: The events that an engine has acknowledged.
        is_deleted: A client has wanted that, whatever came of it.
        deletion: An engine has acknowledged it.
        end: The status that an engine has acknowledged with a command, if no other command came later.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_created = False
        self.received: list[str] = []
        self.is_deleted = False
        self.deletion = False
        self.end: str | None = None

    @property
    def is_commanded(self) -> bool:
        return self.name.startswith(COMMANDED)


class Load:
    """Clients that go on until they are told to stop. Each of them has its own seed."""

    def __init__(self, members: list[Member]) -> None:
        self._members = members
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._count = 0
        self.instances: dict[str, Instance] = {}
        self.errors: list[BaseException] = []

    def start(self, chances: list[random.Random]) -> None:
        self._threads = [threading.Thread(target=self._run, args=(chance,)) for chance in chances]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, chance: random.Random) -> None:
        taken: list[Instance] = []
        try:
            while not self._stopping.is_set():
                if len(taken) < AT_ONCE / len(self._threads):
                    taken.append(self._new(chance))
                instance = chance.choice(taken)
                if self._go_on(instance, chance):
                    taken.remove(instance)
                self._stopping.wait(0.02)  # the clients' own pace
        except BaseException as error:  # noqa: BLE001 - the test raises it
            self.errors.append(error)

    def _new(self, chance: random.Random) -> Instance:
        with self._lock:
            self._count += 1
            kind = COMMANDED if chance.random() < 0.3 else "plain"
            instance = Instance(f"{kind}-{self._count}")
            self.instances[instance.name] = instance
            return instance

    def _go_on(self, instance: Instance, chance: random.Random) -> bool:
        """Do one thing with it. Whether it has come to its end."""
        member = chance.choice(self._members)
        try:
            if not instance.is_created:
                create(member, instance)
            elif instance.is_commanded and chance.random() < 0.3:
                command(member, instance, chance)
            elif len(instance.received) < EVENTS:
                send(member, instance)
            return instance.is_deleted or status_of(member, instance) in FINAL
        except (NoAnswerError, RefusedError):
            return instance.is_deleted

    def finish(self, instance: Instance, member: Member) -> bool:
        """Bring an instance nearer to its end. Whether it has come there."""
        try:
            if not instance.is_created:
                create(member, instance)
            status = status_of(member, instance)
            if status in FINAL:
                return True
            if status in ("paused", "waitingForPause"):
                change(member, instance, "resume")
            send(member, instance)
        except RefusedError as error:
            # It is gone, or about to be. What has come to its end takes no event.
            return instance.is_deleted and str(error).startswith("404")
        except NoAnswerError:
            pass
        return False


def status_of(member: Member, instance: Instance) -> str:
    return str(member.call("GET", f"/Flow/instances/{instance.name}?simple=true")["status"])


def create(member: Member, instance: Instance) -> None:
    try:
        member.call("POST", "/Flow/instances", {"instance_id": instance.name, "params": {}})
    except RefusedError as error:
        # An attempt before that had no answer.
        if "exists" not in str(error):
            raise
    instance.is_created = True


def send(member: Member, instance: Instance) -> None:
    """Send an event that no other one is like."""
    payload = f"{instance.name} {len(instance.received)} {secrets.token_hex(4)}"
    member.call("POST", f"/Flow/instances/{instance.name}/events/go", payload)
    instance.received.append(payload)


def change(member: Member, instance: Instance, status: str) -> None:
    member.call("PATCH", f"/Flow/instances/{instance.name}/status", {"status": status})


def command(member: Member, instance: Instance, chance: random.Random) -> None:
    what = chance.choice(["pause", "resume", "pause", "resume", "restart", "terminate", "skip", "delete"])
    instance.end = None
    if what == "skip":
        member.call("POST", f"/Flow/instances/{instance.name}/skip-sleep", {})
    elif what == "delete":
        instance.is_deleted = True
        member.call("POST", "/Flow/instances/batch/delete", {"instances": [instance.name]})
        instance.deletion = True
    else:
        change(member, instance, what)
        if what == "terminate":
            instance.end = "terminated"
