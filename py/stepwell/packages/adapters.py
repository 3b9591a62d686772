"""
Adapters: guest packages of this distribution that a workflow declares as ``stepwell[EXTRA]``.

They are not on PyPI. `stepwell sync` installs what an adapter needs from there, and copies the adapter beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell import __version__
from stepwell.exceptions import InputError
from stepwell.host_process import host_root

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stepwell.packages.declaration import Declaration


@dataclass(frozen=True, slots=True)
class Adapter:
    """
    An adapter.

    Attributes:
        package: What a workflow imports.
        requires: What it needs from PyPI; the extra in pyproject.toml says the same.
    """

    package: str
    requires: tuple[str, ...]

    @property
    def source(self) -> Path:
        """Where the distribution has it."""
        return host_root() / "py" / self.package

    def digest(self) -> str:
        """A hash of its files."""
        import hashlib  # noqa: PLC0415 - it loads OpenSSL

        found = hashlib.sha256()
        for path in sorted(self.source.rglob("*.py")):
            found.update(f"{path.relative_to(self.source)}\0".encode() + path.read_bytes())
        return found.hexdigest()[:16]


ADAPTERS = {"pydantic-ai": Adapter("workers_pydantic_ai", ("pydantic-ai-slim>=2.66,<3",))}
"""By the extra that declares them."""


def adapters_of(requirements: Iterable[str]) -> list[Adapter]:
    """The adapters that *requirements* declare. Reads no metadata: each command asks for them."""
    found = {extra for text in requirements if text.replace(" ", "").startswith("stepwell[") for extra in _extras(text)}
    return [ADAPTERS[extra] for extra in sorted(found) if extra in ADAPTERS]


def resolvable_requirements(declaration: Declaration) -> list[str]:
    """
    The requirements of *declaration* as PyPI can resolve them: those of the adapters in place of the adapters.

    Raises:
        InputError: An extra is unknown, or another Stepwell is required than this one.
    """
    requirements = []
    for text in declaration.requirements:
        if not adapters_of([text]):
            requirements.append(text)
            continue
        _check(declaration, text)
        requirements += [each for adapter in adapters_of([text]) for each in adapter.requires]
    return requirements


def install_adapters(declaration: Declaration, modules: Path) -> None:
    """Copies the adapters of *declaration* into *modules*."""
    import shutil  # noqa: PLC0415 - only for a sync

    for adapter in adapters_of(declaration.requirements):
        target = modules / adapter.package
        shutil.copytree(adapter.source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)


def _extras(text: str) -> list[str]:
    inside = text.partition("[")[2].partition("]")[0]
    return [extra.strip().lower().replace("_", "-") for extra in inside.split(",")]


def _check(declaration: Declaration, text: str) -> None:
    from packaging.requirements import Requirement  # noqa: PLC0415 - only for a sync

    unknown = [extra for extra in _extras(text) if extra not in ADAPTERS]
    if unknown:
        known = ", ".join(f"stepwell[{extra}]" for extra in ADAPTERS)
        raise InputError(f"{declaration.path}: {text!r} names no adapter {unknown[0]!r}. There is: {known}.")
    if not Requirement(text).specifier.contains(__version__, prereleases=True):
        raise InputError(f"{declaration.path} requires {text}; this is Stepwell {__version__}.")
