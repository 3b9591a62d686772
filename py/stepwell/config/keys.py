"""The keys of a wrangler configuration, and what each means for a program that runs here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Scope(Enum):
    """Where a key may stand, and whether an environment takes it over from the top level."""

    INHERITED = "inherited"
    NOT_INHERITED = "not inherited"
    TOP_LEVEL = "top level"


class Effect(Enum):
    """What a key does here."""

    USED = "used"
    BINDING = "binding"
    """It adds entries to `env`: see `binding_keys`."""
    DEPLOYMENT = "deployment"
    """It is about Cloudflare's network or account alone."""
    BUILD = "build"
    """It is about wrangler's bundler."""
    BUNDLE = "bundle"
    """It is about the bundle of a Worker in JavaScript; `note` says what is missing where it has another language."""
    IGNORED = "ignored"
    """The program misses something without it; `Key.note` says what."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the configuration; `note` says what is missing where it is ignored."""

    scope: Scope
    effect: Effect
    note: str = ""


def _keys(scope: Scope, effect: Effect, names: str) -> dict[str, Key]:
    return dict.fromkeys(names.split(), Key(scope, effect))


KEYS: dict[str, Key] = {
    **_keys(Scope.TOP_LEVEL, Effect.USED, "$schema env dev"),
    **_keys(
        Scope.INHERITED, Effect.USED, "name main compatibility_date compatibility_flags exports triggers migrations"
    ),
    **_keys(Scope.NOT_INHERITED, Effect.USED, "vars secrets workflows"),
    **_keys(Scope.INHERITED, Effect.BINDING, "assets logfwdr"),
    **_keys(
        Scope.NOT_INHERITED,
        Effect.BINDING,
        "services kv_namespaces r2_buckets d1_databases queues durable_objects hyperdrive vectorize browser ai images "
        "stream media send_email mtls_certificates analytics analytics_engine_datasets dispatch_namespaces pipelines "
        "secrets_store_secrets artifacts unsafe unsafe_hello_world flagship ratelimits worker_loaders vpc_services "
        "vpc_networks version_metadata ai_search ai_search_namespaces agent_memory k2",
    ),
    **_keys(Scope.TOP_LEVEL, Effect.BINDING, "wasm_modules text_blobs data_blobs"),
    **_keys(
        Scope.INHERITED,
        Effect.DEPLOYMENT,
        "account_id route routes workers_dev preview_urls placement logpush observability access cache "
        "compliance_region previews first_party_worker limits upload_source_maps",
    ),
    **_keys(Scope.NOT_INHERITED, Effect.DEPLOYMENT, "tail_consumers streaming_tail_consumers"),
    **_keys(Scope.TOP_LEVEL, Effect.DEPLOYMENT, "send_metrics keep_vars dependencies_instrumentation addresses"),
    **_keys(
        Scope.INHERITED,
        Effect.BUILD,
        "minify keep_names no_bundle find_additional_modules preserve_file_names base_dir jsx_factory jsx_fragment "
        "tsconfig rules python_modules",
    ),
    "define": Key(Scope.NOT_INHERITED, Effect.BUNDLE, "its names are not replaced in the code"),
    "alias": Key(Scope.TOP_LEVEL, Effect.BUNDLE, "modules are imported by their own names"),
    "build": Key(Scope.INHERITED, Effect.IGNORED, "its command is not run; run it before this one"),
    "site": Key(Scope.TOP_LEVEL, Effect.IGNORED, "Workers Sites are not served"),
    "pages_build_output_dir": Key(Scope.TOP_LEVEL, Effect.IGNORED, "Pages are not served"),
    "containers": Key(Scope.NOT_INHERITED, Effect.IGNORED, "containers are not started"),
    "cloudchamber": Key(Scope.NOT_INHERITED, Effect.IGNORED, "containers are not started"),
    "connect": Key(Scope.NOT_INHERITED, Effect.IGNORED, "raw sockets are not opened"),
}
"""Every key that wrangler 4.164 knows."""

NOT_INHERITED = frozenset(name for name, key in KEYS.items() if key.scope is Scope.NOT_INHERITED)
INHERITED = frozenset(name for name, key in KEYS.items() if key.scope is Scope.INHERITED)
TOP_LEVEL = frozenset(name for name, key in KEYS.items() if key.scope is Scope.TOP_LEVEL)
