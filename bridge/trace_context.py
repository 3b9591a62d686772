"""
The trace that the running code belongs to, as W3C's ``traceparent`` has it: what a request sends along.

The span is that of the step whose code runs, or that of the instance. Its id is computed in the same way as by
``js/telemetry/trace_ids.js``, which sends it later.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .origin import origin

if TYPE_CHECKING:
    from .origin import Origin

HEADER = "traceparent"
_SPAN_ID_HEX_DIGITS = 16


def traceparent() -> str | None:
    """The header's value; None outside of workflows, and where no traces are sent."""
    running = origin.get()
    if running is None or running.session.trace is None:
        return None
    from hashlib import sha256  # noqa: PLC0415 - most interpreters never need it

    trace = running.session.trace
    text = json.dumps([trace, *_path(running)], ensure_ascii=False, separators=(",", ":"))
    return f"00-{trace}-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:_SPAN_ID_HEX_DIGITS]}-01"


def _path(running: Origin) -> list[str | int]:
    """Names of the span; none for that of the instance."""
    session, ref, _attempt = running
    if ref is None:
        return []
    try:
        name, count = session.identity(ref)
    except KeyError:
        # The step has ended; the tasks that it has started continue.
        return []
    return ["rollback" if session.rolling_back else "step", name, count]
