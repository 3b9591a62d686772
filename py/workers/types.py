"""The types of the package, for annotations."""

from ._types import Body, Context, FetchKwargs, Headers, JSBody, RequestInitCfProperties

__all__ = ["Body", "Context", "FetchKwargs", "Headers", "JSBody", "RequestInitCfProperties"]
