"""The prices of models, loaded with the package and not with the first model."""

from __future__ import annotations

from genai_prices.data_snapshot import get_snapshot

__all__ = ["load_prices"]


def load_prices() -> None:
    """
    Load them now. Pydantic AI loads them when a model is constructed.

    What packages load while they are imported is in the memory from which Pyodide's interpreters start, here and on
    Cloudflare. What the user's module loads is loaded by each interpreter again.
    """
    get_snapshot()
