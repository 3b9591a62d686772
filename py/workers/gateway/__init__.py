"""What the adapters for ASGI and for WSGI share."""

from .options import BaseOptions, EncodeBody

__all__ = ["BaseOptions", "EncodeBody"]
