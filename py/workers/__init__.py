"""
The SDK that workflows are written with: the same names as Cloudflare's ``workers``, so that a file runs in both places.

What a workflow needs is `WorkflowEntrypoint` here and the exceptions in `workers.workflows`. The rest is the web's API
as Cloudflare's Python has it: `fetch`, `Request`, `Response`, `Blob`, `FormData`.
"""

from ._blob import Blob, BlobEnding, BlobValue, File
from ._context import wait_until
from ._entrypoints import DurableObject, WorkerEntrypoint, handler
from ._env import env, patch_env
from ._fetch import fetch
from ._form_data import FormData, FormDataValue
from ._javascript import import_from_javascript
from ._request import Request
from ._response import FetchResponse, Response
from ._rpc import python_from_rpc, python_to_rpc
from ._types import Body, Context, FetchKwargs, Headers, JSBody, RequestInitCfProperties
from ._workflow import WorkflowEntrypoint

waitUntil = wait_until  # noqa: N816 - upstream has both

__all__ = [
    "Blob",
    "BlobEnding",
    "BlobValue",
    "Body",
    "Context",
    "DurableObject",
    "FetchKwargs",
    "FetchResponse",
    "File",
    "FormData",
    "FormDataValue",
    "Headers",
    "JSBody",
    "Request",
    "RequestInitCfProperties",
    "Response",
    "WorkerEntrypoint",
    "WorkflowEntrypoint",
    "env",
    "fetch",
    "handler",
    "import_from_javascript",
    "patch_env",
    "python_from_rpc",
    "python_to_rpc",
    "waitUntil",
    "wait_until",
]
