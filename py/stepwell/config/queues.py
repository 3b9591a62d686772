"""The queues that a Worker consumes: `queues.consumers` of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, TypeAdapter, ValidationError

from stepwell.config.schema import Part, problem_of

if TYPE_CHECKING:
    from stepwell.config.document import Document
    from stepwell.config.environment import ConfigEnvironment

QueueConsumer = dict[str, object]
"""As the host takes it: ``queue``, and the other keys of `ConsumerEntry` where they are set."""


class ConsumerEntry(Part):
    """An entry of `queues.consumers`; times are in seconds."""

    queue: str = Field(min_length=1)
    max_batch_size: int | None = Field(default=None, ge=1, le=100)
    max_batch_timeout: int | None = Field(default=None, ge=0, le=60)
    max_retries: int | None = Field(default=None, ge=0, le=100)
    max_concurrency: int | None = Field(default=None, ge=1, le=250)
    retry_delay: int | None = Field(default=None, ge=0, le=43_200)
    dead_letter_queue: str | None = None


SETTINGS = ("max_batch_size", "max_batch_timeout", "max_retries", "max_concurrency", "retry_delay", "dead_letter_queue")


def read_consumers(document: Document, chosen: ConfigEnvironment) -> list[QueueConsumer]:
    """
    The queues that the environment *chosen* of *document* consumes.

    Raises:
        InputError: One is misconfigured, or stands twice.
    """
    queues = chosen.values.get("queues")
    given = queues.get("consumers", []) if isinstance(queues, dict) else []
    try:
        entries = TypeAdapter(list[ConsumerEntry]).validate_python(given)
    except ValidationError as error:
        detail = error.errors()[0]
        raise document.error(chosen.keys("queues", "consumers", *detail["loc"]), problem_of(detail)) from None
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.queue in seen:
            problem = f"is {entry.queue!r}, which another consumer has already."
            raise document.error(chosen.keys("queues", "consumers", index, "queue"), problem)
        seen.add(entry.queue)
    return [_request(entry) for entry in entries]


def _request(entry: ConsumerEntry) -> QueueConsumer:
    settings = {key: getattr(entry, key) for key in SETTINGS}
    return {"queue": entry.queue, **{key: value for key, value in settings.items() if value is not None}}
