"""The request of one `stepwell run`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.formatting import command
from stepwell.ledger_address import shown_state
from stepwell.runtimes import choose_runtime, likely_main

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.project import Project
    from stepwell.runtimes import Runtime, Warm
    from stepwell.target import Target


@dataclass(frozen=True, slots=True)
class RunRequest:
    """
    The options of `stepwell run`.

    Attributes:
        given_id: The id that the user chose, if any.
        instance_id: That id, else a new one.
        given_state: The value of `--state`, if any.
        state: The absolute path of the state file.
    """

    target: Target
    workflow: str | None
    params: object
    has_params: bool
    given_id: str | None
    instance_id: str
    state: Path
    given_state: Path | None
    as_json: bool
    quiet: bool
    environment: str | None = None
    runtime: str | None = None
    python: str | None = None
    sdk: str | None = None
    untrusted: bool = False
    force_replay: bool = False

    def runtime_of(self, project: Project) -> Runtime:
        """The runtime that runs *project*."""
        return choose_runtime(project.main, self.runtime, self.python, self.sdk, untrusted=self.untrusted)

    def likely_main(self) -> Warm | None:
        """What to start an interpreter for before the project has been read, or None."""
        return likely_main(self.target, self.runtime, self.python, self.sdk, untrusted=self.untrusted)

    def continue_command(self) -> str:
        """The command line that continues the instance."""
        words = ["stepwell", "run", self.target.text]
        if self.workflow is not None:
            words += ["--workflow", self.workflow]
        if self.environment is not None:
            words += ["--env", self.environment]
        words += self._runtime_words()
        words += ["--id", self.instance_id]
        return command(*words, *self.state_words())

    def state_words(self) -> list[str]:
        """The option that names the state, if it was given."""
        return [] if self.given_state is None else ["--state", shown_state(self.given_state)]

    def _runtime_words(self) -> list[str]:
        options = {"--runtime": self.runtime, "--python": self.python, "--sdk": self.sdk}
        words = [word for option, value in options.items() if value is not None for word in (option, value)]
        flags = {"--untrusted": self.untrusted, "--force-replay": self.force_replay}
        return [*words, *(flag for flag, given in flags.items() if given)]
