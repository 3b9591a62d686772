"""
The one table of the keys that add entries to a Worker's `env`, with the kind of each entry.

An entry is what the host takes: ``{"kind": "service", ...}`` calls another Worker, ``{"kind": "host", "type": ...}`` is
carried out by the host, and ``{"kind": "refused", "message": ...}`` raises its message at any use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stepwell.config.document import shown_key
from stepwell.config.schema import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stepwell.config.document import Document
    from stepwell.config.environment import ConfigEnvironment

EnvEntry = dict[str, object]
Shape = Literal["list", "object", "names"]
"""A list of bindings, one binding, or an object whose keys are the names."""


@dataclass(frozen=True, slots=True)
class BindingKey:
    """
    A key that adds entries to `env`.

    Attributes:
        path: Where it is in the configuration.
        title: What people call one of its bindings.
        shape: What its value is.
        name_key: The key of a binding that has its name in `env`.
        entry: Makes the entry from the binding's configuration; None: the binding is refused at any use.
    """

    path: tuple[str, ...]
    title: str
    shape: Shape = "list"
    name_key: str = "binding"
    entry: Callable[[Mapping[str, object]], EnvEntry] | None = None


def _service(config: Mapping[str, object]) -> EnvEntry:
    names = {key: config[key] for key in ("service", "entrypoint", "props") if config.get(key) is not None}
    return {"kind": "service", **names}


def _host(type_: str, **fields: tuple[str, ...]) -> Callable[[Mapping[str, object]], EnvEntry]:
    """
    Make the entry of a binding that workerd carries out.

    Args:
        type_: Its type, as `js/bindings/options.js` has it.
        fields: For each of its options the keys of the configuration that it is taken from; the first that is
            there counts.
    """

    def entry(config: Mapping[str, object]) -> EnvEntry:
        found = {
            name: next(config[key] for key in keys if config.get(key) is not None)
            for name, keys in fields.items()
            if any(config.get(key) is not None for key in keys)
        }
        return {"kind": "host", "type": type_, "options": found}

    return entry


def _ratelimit(config: Mapping[str, object]) -> EnvEntry:
    simple = config.get("simple")
    limits = simple if isinstance(simple, dict) else {}
    options = {
        "namespaceId": str(config.get("namespace_id", config.get("name"))),
        "limit": limits.get("limit", 1),
        "period": limits.get("period", 60),
    }
    return {"kind": "host", "type": "ratelimit", "options": options}


BINDING_KEYS = (
    BindingKey(("services",), "service binding", entry=_service),
    BindingKey(("kv_namespaces",), "KV namespace", entry=_host("kv", id=("preview_id", "id", "binding"))),
    BindingKey(("r2_buckets",), "R2 bucket", entry=_host("r2", id=("preview_bucket_name", "bucket_name", "binding"))),
    BindingKey(
        ("d1_databases",), "D1 database", entry=_host("d1", id=("preview_database_id", "database_id", "binding"))
    ),
    BindingKey(
        ("queues", "producers"), "queue", entry=_host("queue", queue=("queue",), delivery_delay=("delivery_delay",))
    ),
    BindingKey(
        ("durable_objects", "bindings"),
        "Durable Object namespace",
        name_key="name",
        entry=_host("durable_object", class_name=("class_name",), script_name=("script_name",)),
    ),
    BindingKey(("assets",), "assets binding", "object", entry=_host("assets")),
    BindingKey(("hyperdrive",), "Hyperdrive binding"),
    BindingKey(("vectorize",), "Vectorize index"),
    BindingKey(("browser",), "browser binding", "object"),
    BindingKey(("ai",), "AI binding", "object"),
    BindingKey(("images",), "Images binding", "object", entry=_host("images")),
    BindingKey(("stream",), "Stream binding", "object"),
    BindingKey(("media",), "Media Transformations binding", "object"),
    BindingKey(("send_email",), "email binding", name_key="name"),
    BindingKey(("mtls_certificates",), "mTLS certificate"),
    BindingKey(("analytics",), "Analytics SQL binding", "object"),
    BindingKey(
        ("analytics_engine_datasets",),
        "Analytics Engine dataset",
        entry=_host("analytics_engine", dataset=("dataset", "binding")),
    ),
    BindingKey(("dispatch_namespaces",), "dispatch namespace"),
    BindingKey(("pipelines",), "pipeline"),
    BindingKey(("secrets_store_secrets",), "Secrets Store secret"),
    BindingKey(("artifacts",), "Artifacts binding"),
    BindingKey(("unsafe", "bindings"), "unsafe binding", name_key="name"),
    BindingKey(("unsafe_hello_world",), "Hello World binding"),
    BindingKey(("flagship",), "Flagship binding"),
    BindingKey(("ratelimits",), "rate limit", name_key="name", entry=_ratelimit),
    BindingKey(("worker_loaders",), "Worker Loader"),
    BindingKey(("vpc_services",), "VPC service"),
    BindingKey(("vpc_networks",), "VPC network"),
    BindingKey(("version_metadata",), "version metadata", "object", entry=_host("version_metadata")),
    BindingKey(("ai_search",), "AI Search instance"),
    BindingKey(("ai_search_namespaces",), "AI Search namespace"),
    BindingKey(("agent_memory",), "Agent Memory namespace"),
    BindingKey(("k2",), "K2 stream"),
    BindingKey(("logfwdr", "bindings"), "logfwdr binding", name_key="name"),
    BindingKey(("wasm_modules",), "WebAssembly module", "names"),
    BindingKey(("text_blobs",), "text file", "names"),
    BindingKey(("data_blobs",), "data file", "names"),
)


@dataclass(frozen=True, slots=True)
class ConfigBinding:
    """
    A binding of the configuration.

    Attributes:
        name: Its name in `env`.
        title: What people call it.
        keys: Where it is in the configuration.
        entry: What `env` has under the name.
    """

    name: str
    title: str
    keys: tuple[str | int, ...]
    entry: EnvEntry

    @property
    def is_refused(self) -> bool:
        """Whether any use of it raises."""
        return self.entry["kind"] == "refused"


def read_bindings(document: Document, chosen: ConfigEnvironment) -> list[ConfigBinding]:
    """
    The bindings of the environment *chosen* of *document*.

    Raises:
        InputError: A binding has the wrong shape, or two have one name.
    """
    found: dict[str, ConfigBinding] = {}
    for key in BINDING_KEYS:
        for binding in _bindings_of(document, chosen, key):
            if binding.name in found:
                other = shown_key(found[binding.name].keys)
                raise document.error(binding.keys, f"has the name {binding.name!r}, which {other} has already.")
            found[binding.name] = binding
    return list(found.values())


def _bindings_of(document: Document, chosen: ConfigEnvironment, key: BindingKey) -> Iterator[ConfigBinding]:
    path = chosen.keys(*key.path)
    value = _value_at(document, chosen, key.path)
    if value is None:
        return
    if key.shape == "names":
        for member in _object(document, path, value):
            yield _binding(key, member, (*path, member), {})
        return
    if key.shape == "list" and not isinstance(value, list):
        raise document.error(path, "must be an array.")
    items = [((*path, index), item) for index, item in enumerate(value)] if isinstance(value, list) else [(path, value)]
    for keys, item in items:
        config = _object(document, keys, item)
        name = config.get(key.name_key)
        if key.path in OPTIONAL_NAMES and name is None:
            continue
        if not isinstance(name, str) or not name:
            raise document.error(keys, f"needs {key.name_key!r}, the name that `env` has for it.")
        yield _binding(key, name, keys, config)


def _value_at(document: Document, chosen: ConfigEnvironment, path: tuple[str, ...]) -> object:
    value: object = chosen.values
    for depth, name in enumerate(path):
        value = _object(document, chosen.keys(*path[:depth]) if depth else (), value).get(name)
        if value is None:
            return None
    return value


def _object(document: Document, keys: tuple[str | int, ...], value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise document.error(keys, f"is {shown(value)}; it must be an object.")
    return value


OPTIONAL_NAMES = frozenset({("assets",), ("browser",), ("ai",), ("images",), ("stream",), ("media",), ("analytics",)})
"""Keys that may be there without a binding: `assets` is then served, and `ai = {}` says nothing."""


def _binding(key: BindingKey, name: str, keys: tuple[str | int, ...], config: Mapping[str, object]) -> ConfigBinding:
    if key.entry is not None:
        entry = key.entry(config)
    else:
        message = f"env.{name} cannot be used: Stepwell has no {key.title} ({shown_key(keys)})."
        entry = {"kind": "refused", "message": message}
    return ConfigBinding(name, key.title, keys, entry)
