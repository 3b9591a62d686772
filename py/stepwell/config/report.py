"""What is said once at the start about keys that do not do here what they do on Cloudflare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.config.document import shown_key
from stepwell.config.keys import KEYS, Effect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stepwell.config.binding_keys import ConfigBinding
    from stepwell.config.document import Document
    from stepwell.config.environment import ConfigEnvironment


def describe_config(
    document: Document, chosen: ConfigEnvironment, bindings: Iterable[ConfigBinding], *, is_bundled: bool
) -> list[str]:
    """A line for each kind of key that has another meaning here, or none. *is_bundled*: the Worker is in JavaScript."""
    file = document.path.name
    ignored = {Effect.IGNORED} if is_bundled else {Effect.IGNORED, Effect.BUNDLE}
    lines = []
    for binding in bindings:
        if binding.is_refused:
            line = document.line(binding.keys)
            lines.append(
                f"{file}:{line}: env.{binding.name} is refused at its first use: Stepwell has no {binding.title} "
                f"({shown_key(binding.keys)}). The rest of the Worker runs."
            )
    lines += [
        f"{file}:{document.line(chosen.keys(name))}: {name} has no effect here: {KEYS[name].note}."
        for name in chosen.values
        if name in KEYS and KEYS[name].effect in ignored
    ]
    for effect, meaning in ((Effect.DEPLOYMENT, "deployments to Cloudflare"), (Effect.BUILD, "wrangler's bundler")):
        if names := [name for name in chosen.values if name in KEYS and KEYS[name].effect is effect]:
            lines.append(f"{file}: {', '.join(names)} {'is' if len(names) == 1 else 'are'} for {meaning} only.")
    return lines
