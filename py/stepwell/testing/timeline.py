"""A run as lines of text, without ids and real times: for tests that fail, and for snapshot tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.testing.codec import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000))
_WORDS = {
    "WORKFLOW_START": "started",
    "WORKFLOW_SUCCESS": "complete",
    "WORKFLOW_TERMINATED": "terminated",
    "WORKFLOW_PAUSED": "paused",
    "STEP_FAILURE": "failed for good",
    "SLEEP_COMPLETE": "woke up",
    "WAIT_TIMED_OUT": "timed out",
    "ROLLBACK_START": "rolls back",
    "ROLLBACK_STEP_SUCCESS": "rolled back",
    "ROLLBACK_COMPLETE": "rollback complete",
    "ROLLBACK_FAILED": "rollback failed",
}


def timeline_of(found: Mapping[str, Any]) -> str:
    """The timeline of an instance, as the host describes it."""
    log = found["log"]
    if not log:
        return ""
    began = log[0]["at"]
    lines = [(entry["at"], index, _line(entry)) for index, entry in enumerate(log)]
    lines = [(at, index, line) for at, index, line in lines if line]
    lines += [(at, len(log) + index, line) for index, (at, line) in enumerate(_prints(found))]
    return "\n".join(f"{'+' + duration_text(at - began):>9}  {line}" for at, _, line in sorted(lines))


def _line(entry: Mapping[str, Any]) -> str:
    """The line of an entry; empty where it says nothing new."""
    event = entry["event"]
    step = f"{entry['name']}-{entry['count']}" if entry["name"] is not None else ""
    if event in _DESCRIPTIONS:
        what = _DESCRIPTIONS[event](entry, entry["detail"] or {})
        return f"{step} {what}".strip() if what else ""
    return f"{step} {_WORDS[event]}".strip() if event in _WORDS else ""


def _attempt_failed(entry: Mapping[str, Any], detail: Mapping[str, Any]) -> str:
    delay = detail.get("retryDelayMs")
    again = "" if delay is None else f", again after {duration_text(delay)}"
    return f"attempt {entry['attempt']} failed: {_error(detail)}{again}"


def _error(detail: Mapping[str, Any]) -> str:
    error = detail.get("error") or detail
    return f"{error.get('name')}: {error.get('message')}"


def _value(text: str | None) -> str:
    if text is None:
        return "None"
    value = decode(text)
    # What came with an event, without the time at which it came.
    if isinstance(value, dict) and value.keys() >= {"payload", "type", "timestamp"}:
        value = value["payload"]
    shown = repr(value)
    return shown if len(shown) <= 200 else f"{shown[:200]}…"  # noqa: PLR2004 - as much as a line takes


def _prints(found: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for line in found["output"]:
        where = f"{line['step']} " if line["step"] else ""
        yield line["at"], f"{where}| {line['text'].rstrip()}"


_DESCRIPTIONS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]] = {
    "STEP_START": lambda _entry, _detail: "started",
    "ATTEMPT_START": lambda entry, _detail: f"attempt {entry['attempt']}" if entry["attempt"] > 1 else "",
    "ATTEMPT_FAILURE": _attempt_failed,
    "STEP_SUCCESS": lambda entry, _detail: f"= {_value(entry['value'])}",
    "SLEEP_START": lambda _entry, detail: f"sleeps {duration_text(detail['durationMs'])}",
    "WAIT_START": lambda _entry, detail: f"waits for {detail['event']!r}, {duration_text(detail['timeoutMs'])} at most",
    "WAIT_COMPLETE": lambda entry, _detail: f"= {_value(entry['value'])}",
    "WORKFLOW_FAILURE": lambda _entry, detail: f"errored: {_error(detail)}",
}


def duration_text(ms: float) -> str:
    """*ms* in at most two units, such as ``1 h 30 min``."""
    rest, parts = int(ms), []
    for unit, size in _MS:
        if rest >= size:
            parts.append(f"{rest // size} {unit}")
            rest %= size
    if rest or not parts:
        parts.append(f"{rest} ms")
    return " ".join(parts[:2])
