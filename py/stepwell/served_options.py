"""What `stepwell dev` and `stepwell serve` run: the options that both have."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stepwell.options import environment_option, force_replay_option, state_option
from stepwell.packages.require import require_packages_of
from stepwell.project_loader import find_targets, load_targets
from stepwell.runtimes import choose_runtime, likely_bound, likely_main, runtime_name, runtime_options
from stepwell.serving import ServedProject
from stepwell.state import state_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.runtimes import Warm

F = TypeVar("F", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class ServedChoice:
    """What the options say."""

    target: str | None
    configs: tuple[str, ...]
    environment: str | None
    runtime: tuple[str | None, str | None, str | None]
    """Its name, its Python and its SDK."""
    untrusted: bool
    force_replay: bool
    state: Path | None

    def load(self, announce: Callable[[ServedProject], None] | None = None) -> list[ServedProject]:
        """
        Read the projects as they are now, and install nothing.

        Raises:
            StepwellError: A project cannot be run. Those before it have been given to *announce*, and it itself, too,
                where only its packages are missing.
        """
        projects = []
        for found, project in load_targets(self.target, self.configs, self.environment):
            chosen = choose_runtime(project.main, *self.runtime, untrusted=self.untrusted)
            served = ServedProject(project, chosen)
            if announce is not None:
                announce(served)
            require_packages_of(project, found, runtime_name(chosen))
            projects.append(served)
        return projects

    def likely_main(self) -> Warm | None:
        """Guess the main file of the first project and its runtime, without reading it."""
        first = find_targets(self.target, self.configs)[0]
        return likely_main(first, *self.runtime, untrusted=self.untrusted)

    def likely_bound(self) -> bool:
        """Guess whether a project has bindings that workerd carries out, without reading it."""
        targets = find_targets(self.target, self.configs)
        return any(likely_bound(each) for each in targets)

    def state_path(self) -> Path:
        """Get the path of the state, whose folder exists afterwards."""
        return state_path(self.state, create=True)


def served_options(metavar: str) -> Callable[[F], F]:
    """Add the argument *metavar*, and the options of the deployment. The command gets all of them as `served`."""

    def decorate(command: F) -> F:
        @click.argument("target", required=False, metavar=metavar)
        @click.option(
            "-c",
            "--config",
            "configs",
            multiple=True,
            metavar="FILE",
            help="A configuration. Several: several Workers.",
        )
        @environment_option
        @runtime_options
        @force_replay_option
        @state_option
        @functools.wraps(command)
        def with_served(  # noqa: PLR0913 - one for each option
            *,
            target: str | None,
            configs: tuple[str, ...],
            environment: str | None,
            runtime: str | None,
            python: str | None,
            sdk: str | None,
            untrusted: bool,
            force_replay: bool,
            state: Path | None,
            **others: Any,  # noqa: ANN401 - the command's own
        ) -> Any:  # noqa: ANN401 - likewise
            chosen = (runtime, python, sdk)
            served = ServedChoice(target, configs, environment, chosen, untrusted, force_replay, state)
            return command(served=served, **others)

        return with_served  # type: ignore[return-value]

    return decorate
