"""Turns the responses of a host into values and errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import ValidationError

from stepwell import __version__
from stepwell.exceptions import ApiError, HostLostError, InputError, InternalError
from stepwell.responses import Envelope
from stepwell.state import REMEDIES

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

UNAUTHORIZED = 401
UNAUTHORIZED_REMEDY = "Give the secret of a token with --token or STEPWELL_TOKEN; `stepwell tokens create` makes one."
SERVER_ERROR = 500
MAX_SHOWN_BYTES = 500
NOT_CARRIED_OUT = frozenset({"state.stopped", "host.other_state", "host.secret"})
"""The reasons of refusals after which the next owner of the state may be asked."""


class ResponseParser:
    """
    Parses the responses of one host.

    Attributes:
        host_version: The version of the host, as far as it is known.
    """

    def __init__(self) -> None:
        self.host_version = __version__

    def parse(self, parse: Callable[[Any], T], data: object, path: str) -> T:
        """
        Apply *parse* to *data*, the response for *path*.

        Raises:
            InputError: It does not fit, and the host has another version.
            InternalError: It does not fit.
        """
        try:
            return parse(data)
        except (ValidationError, ValueError) as error:
            if self.host_version != __version__:
                raise InputError(f"{self._skew} This command does not understand its response.") from error
            shown = data[:MAX_SHOWN_BYTES] if isinstance(data, bytes) else data
            raise InternalError(f"Malformed response from the host for {path}: {shown!r} ({error})") from error

    def envelope(self, data: bytes, path: str) -> Envelope:
        """The envelope in *data*."""
        return self.parse(Envelope.model_validate_json, data, path)

    def refuse(self, status: int, data: bytes, path: str) -> None:
        """
        Raise the error in *data*.

        Raises:
            ApiError: The host refuses the request.
            InputError: The state file is damaged, or cannot be written; or there is no valid token.
            HostLostError: The host has not carried the request out, because it has stopped or owns another state.
            InternalError: The host has failed.
        """
        envelope = self.envelope(data, path)
        error = envelope.errors[0] if envelope.errors else None
        if error is not None and error.reason in NOT_CARRIED_OUT:
            raise HostLostError(f"{error.message}.", sent=False)
        if error is not None and (remedy := REMEDIES.get(error.reason or "")):
            raise InputError(f"{error.message}. {remedy}")
        if error is not None and status == UNAUTHORIZED:
            raise InputError(f"{error.message}. {UNAUTHORIZED_REMEDY}")
        if error is None or status >= SERVER_ERROR:
            message = error.message if error else data.decode(errors="replace")
            detail = f"\n{error.traceback}" if error and error.traceback else ""
            raise InternalError(f"The host failed at {path}: {message}{detail}")
        if error.reason == "body.invalid" and self.host_version != __version__:
            raise InputError(f"{self._skew} It refused the request: {error.message}")
        # Programs read the code from `reason`; people need the sentence.
        message = re.sub(r"^\((?:\w+\.)?\w+\) ", "", error.message)
        raise ApiError(message, code=error.code, reason=error.reason or "", traceback=error.traceback)

    @property
    def _skew(self) -> str:
        return (
            f"The state is in use by a host of Stepwell {self.host_version}; this command is Stepwell {__version__}. "
            "Use the same version for both, or end the host first."
        )
