"""The static assets of a Worker: `assets` of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter, ValidationError

from stepwell.config.schema import Part, problem_of

if TYPE_CHECKING:
    from stepwell.config.document import Document
    from stepwell.config.environment import ConfigEnvironment

Assets = dict[str, object]
"""As the host takes them: ``directory`` (absolute), and the other keys of `AssetsEntry` where they are set."""


class AssetsEntry(Part):
    """`assets`. Without a directory Cloudflare's tool takes that of its command line, which Stepwell has not."""

    directory: str | None = None
    binding: str | None = None
    html_handling: Literal["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"] | None = None
    not_found_handling: Literal["single-page-application", "404-page", "none"] | None = None
    run_worker_first: bool | list[str] | None = None


def read_assets(document: Document, chosen: ConfigEnvironment) -> Assets | None:
    """
    The assets of the environment *chosen* of *document*; None if it has no assets.

    Raises:
        InputError: They are misconfigured, or their folder does not exist.
    """
    given = chosen.values.get("assets")
    if given is None:
        return None
    try:
        entry = TypeAdapter(AssetsEntry).validate_python(given)
    except ValidationError as error:
        detail = error.errors()[0]
        raise document.error(chosen.keys("assets", *detail["loc"]), problem_of(detail)) from None
    if entry.directory is None:
        return None
    directory = (document.path.parent / entry.directory).resolve()
    if not directory.is_dir():
        problem = f"is {entry.directory!r}, and there is no such folder. Build the assets, or make the folder."
        raise document.error(chosen.keys("assets", "directory"), problem)
    settings = {key: getattr(entry, key) for key in ("html_handling", "not_found_handling", "run_worker_first")}
    return {"directory": str(directory), **{key: value for key, value in settings.items() if value is not None}}
