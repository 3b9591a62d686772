"""Durable Cloudflare-style Python Workflows: the host's Python half."""

__all__ = ["__version__"]

__version__ = "0.1.0"
