"""What the guest SDK exports: to widen it is a decision."""

from types import ModuleType

import workers

UPSTREAM = [
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


def test_exports():
    """`workers` exports what upstream's does, and nothing else."""
    public = {
        name for name, value in vars(workers).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }

    assert workers.__all__ == UPSTREAM
    assert public == set(UPSTREAM)
