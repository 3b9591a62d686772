"""What Pydantic AI would load with the first model, the first run or the first answer, loaded with the package."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module

from genai_prices.data_snapshot import get_snapshot
from pydantic_ai.durable_exec import JSON_CODEC
from pydantic_ai.messages import ModelResponse, TextPart

__all__ = ["warm_up"]


def warm_up() -> None:
    """
    Load it now.

    What packages load while they are imported is in the memory from which Pyodide's interpreters start, here and on
    Cloudflare. What is loaded later is loaded by each interpreter again.
    """
    # The prices of models.
    get_snapshot()
    if sys.platform != "emscripten":
        # There is no such memory: the first step would only be later.
        return
    # AnyIO imports it by this name when a loop first asks for it. Without it the first run is slower, no more.
    with suppress(ImportError):
        import_module("anyio._backends._asyncio")
    # The schema of a model's answer.
    JSON_CODEC.load(ModelResponse, JSON_CODEC.dump(ModelResponse, ModelResponse([TextPart("")])))
