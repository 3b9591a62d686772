"""How things are called and written for people; upstream's words and signs where it has some."""

from __future__ import annotations

import json
import re
import shlex
import sys
from datetime import UTC, datetime

from stepwell.printable import printable_json
from stepwell.streams import takes_unicode

STATUS_SIGNS = {
    "complete": "✅ Completed",
    "errored": "❌ Errored",
    "paused": "⏸️ Paused",
    "queued": "⌛ Queued",
    "running": "▶ Running",
    "terminated": "🚫 Terminated",
    "waiting": "⏰ Waiting",
    "waitingForPause": "⏱️ Waiting for Pause",
    "rollingBack": "↩️ Rolling back",
    "unknown": "❓ Unknown",
}
TRIGGER_SIGNS = {
    "api": "🌎 API",
    "binding": "🔗 Binding",
    "cron": "⌛ Cron",
    "event": "📩 Event",
    "unknown": "❓ Unknown",
}
STEP_SIGNS = {
    "step": "🎯 Step",
    "rollback": "↩️ Rollback",
    "sleep": "💤 Sleeping",
    "termination": "🚫 Termination",
    "waitForEvent": "👀 Waiting for event",
}


class Style:
    """How people want to read it: the options `--utc` and `--no-emoji`."""

    def __init__(self) -> None:
        self.utc = False
        self.emoji = True


style = Style()


def signed(signs: dict[str, str], key: str) -> str:
    """The words for *key* with their sign, which is left out where signs are off."""
    words = signs.get(key, key)
    return words if style.emoji or key not in signs else words.partition(" ")[2]


def plain(text: str) -> str:
    """*text* without the sign that it begins with, where signs are off."""
    return text if style.emoji else text.partition(" ")[2]


_SCALE = ((86_400, "d"), (3_600, "h"), (60, "min"))


def duration(seconds: float) -> str:
    """A length of time in two units at most: `0.02 s`, `3.1 s`, `2 min 5 s`, `3 d 4 h`."""
    seconds = max(seconds, 0.0)
    if seconds < 1:
        return f"{seconds:.2f} s"
    if round(seconds, 1) < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    whole = round(seconds)
    smaller = {"d": (3_600, "h"), "h": (60, "min"), "min": (1, "s")}
    for size, unit in _SCALE:
        if whole >= size:
            count, rest = divmod(whole, size)
            size_below, unit_below = smaller[unit]
            below = rest // size_below
            return f"{count} {unit} {below} {unit_below}" if below else f"{count} {unit}"
    return f"{whole} s"


def moment(when: datetime | float | None, *, with_ms: bool = False) -> str:
    """A time as people here write it, with its zone; a number is in ms since 1970."""
    if when is None:
        return "-"
    if not isinstance(when, datetime):
        when = datetime.fromtimestamp(when / 1000, UTC)
    here = when.astimezone(UTC if style.utc else None)
    ms = f".{here.microsecond // 1000:03}" if with_ms else ""
    return here.strftime(f"%Y-%m-%d %H:%M:%S{ms} %Z")


def age(when: datetime) -> str:
    """How long ago it was, in one unit: `12 s`, `3 min`, `5 h`, `2 d`."""
    seconds = max(0, (datetime.now(UTC) - when).total_seconds())
    for size, unit in _SCALE:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def between(start: datetime | None, end: datetime | None) -> str:
    """The time from *start* to *end*."""
    return "-" if start is None or end is None else duration((end - start).total_seconds())


def step_title(step_name: str) -> str:
    """The name of a step as its author wrote it, with its count only from the second on."""
    return re.sub(r"-1$", "", step_name)


def to_json(value: object, *, indent: int | None = None) -> str:
    """
    *value* as JSON that people can read, and that standard output can encode.

    A lone surrogate, which has no encoding, is written as its escape.
    """
    text = json.dumps(value, ensure_ascii=not takes_unicode(sys.stdout), indent=indent)
    return escape_surrogates(printable_json(text))


def escape_surrogates(text: str) -> str:
    """*text* with each surrogate replaced by its JSON escape."""
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_SURROGATE = re.compile("[\ud800-\udfff]")


def shortened(text: str, limit: int) -> str:
    """*text*, cut to *limit* characters; what is cut off is counted."""
    return text if len(text) <= limit else f"{text[:limit]}… [{len(text) - limit:,} more characters]"


_SECRET_OPTIONS = ("--params", "--payload", "--result", "--token")
_MAX_COMMAND_CHARACTERS = 1000


def shown_command(*words: str) -> str:
    """A command line for other people's eyes: without the values that it passes to workflows, and bounded."""
    shown: list[str] = []
    for word in words:
        option = word.partition("=")[0]
        if (shown and shown[-1] in _SECRET_OPTIONS) or word.lstrip().startswith(("{", "[", '"')):
            shown.append("…")
        elif option in _SECRET_OPTIONS and option != word:
            shown.append(f"{option}=…")
        else:
            shown.append(word)
    text = escape_surrogates(" ".join(word if word.endswith("…") else shlex.quote(word) for word in shown))
    return shortened(text, _MAX_COMMAND_CHARACTERS)


def command(*words: str) -> str:
    """A command line that can be pasted into a shell."""
    return shlex.join(words)
