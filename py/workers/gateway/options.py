"""Options of both adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

EncodeBody = Literal["automatic", "manual"]
"""Who encodes a body as its header ``Content-Encoding`` says: the host, or the application has done so already."""


@dataclass(frozen=True, kw_only=True)
class BaseOptions:
    """Options that both adapters have."""

    encode_body: EncodeBody = "automatic"
    """"manual" for an application that compresses its bodies itself."""

    def __post_init__(self) -> None:
        if self.encode_body not in (known := get_args(EncodeBody)):
            raise ValueError(f"encode_body must be one of {known}, not {self.encode_body!r}.")

    def response_init(self) -> dict[str, Any]:
        """Options of JavaScript's ``Response`` that follow."""
        return {} if self.encode_body == "automatic" else {"encodeBody": self.encode_body}
