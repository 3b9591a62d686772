"""Who calls over HTTP: the tokens are those of the REST interface, and the state's owner knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend
from mcp.server.auth.provider import AccessToken, TokenVerifier
from starlette.authentication import AuthenticationError
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.responses import JSONResponse

from stepwell.exceptions import StepwellError
from stepwell.http_connection import DEFAULT_ACCOUNT
from stepwell.mcp.host_access import CallerAccess

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request

    from stepwell.mcp.host_access import HostAccess

__all__ = ["SCOPES", "authentication", "caller_of"]

SCOPES = ["read", "write", "admin"]
"""Each includes those before it."""
CHECKS_AT_ONCE = 10
"""Checks have threads of their own: they do not wait for the calls of other clients."""


class _UnavailableError(AuthenticationError):
    """The owner cannot be asked."""


class _OwnersTokens(TokenVerifier):
    def __init__(self, host: HostAccess) -> None:
        self._host = host
        self._threads = anyio.CapacityLimiter(CHECKS_AT_ONCE)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Find the token. It is asked for at each request, so a token that is revoked is refused from then on."""
        try:
            found = await anyio.to_thread.run_sync(self._host.find_token, token, limiter=self._threads)
        except StepwellError as error:
            raise _UnavailableError(str(error)) from error
        if found is None:
            return None
        account = self._host.account or DEFAULT_ACCOUNT
        if found.account != account:
            raise AuthenticationError(f"Token {found.id} is for account {found.account}, not {account}.")
        return AccessToken(token=token, client_id=found.id, scopes=SCOPES[: SCOPES.index(found.scope) + 1])


def authentication(host: HostAccess) -> Middleware:
    """Find out who calls. A request without a valid token has no user."""
    return Middleware(
        AuthenticationMiddleware,
        backend=BearerAuthBackend(_OwnersTokens(host)),
        on_error=_refuse,
    )


def _refuse(_request: HTTPConnection, error: AuthenticationError) -> JSONResponse:
    code, word = (
        (503, "temporarily_unavailable") if isinstance(error, _UnavailableError) else (403, "insufficient_scope")
    )
    return JSONResponse({"error": word, "error_description": str(error)}, status_code=code)


def caller_of(host: HostAccess, request: Request | None) -> CallerAccess:
    """Who sends *request*: the holder of a token, or a client that needs none and may do everything."""
    user: Any = None if request is None else request.scope.get("user")
    if isinstance(user, AuthenticatedUser):
        return CallerAccess(host, user.access_token.token, user.scopes[-1])
    return CallerAccess(host)
