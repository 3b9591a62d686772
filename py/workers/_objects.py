"""``ctx`` of a Durable Object: its storage, and what keeps its events apart."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from _workflows_bridge.proxies import from_js, is_proxy, js, to_js

from ._context import ExecutionContext
from .rpc import _BindingWrapper, _translated

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

_BLOCK_LIMIT_S = 30
"""For so long code may keep all events of an object waiting."""
_BLOCKED_TOO_LONG = (
    "A call to blockConcurrencyWhile() in a Durable Object waited for too long. "
    "The call was canceled and the Durable Object was reset."
)

_held: set[asyncio.Future[Any]] = set()


class DurableObjectAbort(BaseException):
    """Ends code that aborts its object. A `BaseException`, so that ``except Exception`` does not swallow it."""


class _Operator:
    """
    What a storage and a transaction have in common.

    Every method has done its work when it returns, as on Cloudflare: an ``await`` of its result lets no other code run,
    and one that is left out loses nothing.
    """

    def __init__(self, core: Any) -> None:  # noqa: ANN401 - `StorageCore`
        self._core = core

    def get(self, keys: str | list[str], options: Any = None) -> Awaitable[Any]:  # noqa: ANN401, ARG002 - nothing is cached
        """Get the value of a key, None if there is none; or a dict with those of several keys that there are."""
        return _done(lambda: from_js(self._core.get(_keys(keys))))

    def put(self, key: str | dict[str, Any], *value: Any) -> Awaitable[None]:  # noqa: ANN401 - values, and options
        """Store *value* under *key*, or each value of a dict under its key."""
        given = (
            (to_js(key, "entries"),) if isinstance(key, dict) else (key, *(to_js(each, "value") for each in value[:1]))
        )
        return _done(lambda: self._core.put(*given))

    def delete(self, keys: str | list[str], options: Any = None) -> Awaitable[Any]:  # noqa: ANN401, ARG002 - as `get`
        """Remove a key, and tell whether it was there; or several, and tell how many of them were."""
        return _done(lambda: self._core.delete(_keys(keys)))

    def list(self, options: Any = None, **more: Any) -> Awaitable[Any]:  # noqa: ANN401 - options of Cloudflare's
        """
        Get keys and values as a dict in the order of the keys.

        Options: ``start``, ``startAfter``, ``end``, ``prefix``, ``reverse``, ``limit``.
        """
        return _done(lambda: from_js(self._core.list(to_js({**_options(options), **more}, "options"))))

    def getAlarm(self, options: Any = None) -> Awaitable[int | None]:  # noqa: ANN401, N802, ARG002 - upstream's name
        """Get when the alarm is due in ms since 1970, or None."""
        return _done(lambda: from_js(self._core.getAlarm()))

    def setAlarm(self, time: Any, options: Any = None) -> Awaitable[None]:  # noqa: ANN401, N802, ARG002 - a datetime, or ms
        """Let ``alarm()`` be called at *time*: a datetime, or ms since 1970."""
        return _done(lambda: self._core.setAlarm(to_js(time, "time")))

    def deleteAlarm(self, options: Any = None) -> Awaitable[None]:  # noqa: ANN401, N802, ARG002 - upstream's name
        """Take the alarm back."""
        return _done(self._core.deleteAlarm)


class DurableObjectTransaction(_Operator):
    """What the closure of ``storage.transaction`` is given."""

    def __init__(self, core: Any, transaction: Any) -> None:  # noqa: ANN401 - of `StorageCore`
        super().__init__(core)
        self._transaction = transaction
        self._is_rolled_back = False

    def rollback(self) -> None:
        """Undo what was written in it."""
        self._is_rolled_back = True
        self._transaction.rollback()


class DurableObjectStorage(_Operator):
    """What an object has stored: it is there when the object comes back into memory."""

    @property
    def sql(self) -> Any:  # noqa: ANN401 - `exec` and `databaseSize`
        """SQL on the object's own database."""
        return _BindingWrapper(self._core.sql)

    @property
    def kv(self) -> _SyncStorage:
        """The same keys and values without ``await``."""
        return _SyncStorage(self._core)

    def deleteAll(self, options: Any = None) -> Awaitable[None]:  # noqa: ANN401, N802, ARG002 - upstream's name
        """Remove everything, tables and alarm included."""
        return _done(self._core.deleteAll)

    def sync(self) -> Awaitable[None]:
        """Make durable what has been written."""
        return _done(self._core.sync)

    async def transaction(self, closure: Callable[[DurableObjectTransaction], Any]) -> Any:  # noqa: ANN401 - what it gives
        """
        Call *closure* with a transaction, which is undone if it raises.

        No other event of the object begins meanwhile.
        """
        transaction = self._core.beginTransaction()
        inner = DurableObjectTransaction(self._core, transaction)
        try:
            result = closure(inner)
            if asyncio.iscoroutine(result) or isinstance(result, asyncio.Future):
                result = await result
        except BaseException:
            transaction.rollback()
            raise
        if not inner._is_rolled_back:  # noqa: SLF001 - our own
            transaction.commit()
        return result

    def transactionSync(self, closure: Callable[[], Any]) -> Any:  # noqa: ANN401, N802 - upstream's name
        """Call *closure*, which awaits nothing, in a transaction that is undone if it raises."""
        with _raising() as raised:
            return self._core.transactionSync(raised.wrap(closure))


class _SyncStorage:
    """``storage.kv``."""

    def __init__(self, core: Any) -> None:  # noqa: ANN401 - `StorageCore`
        self._core = core

    def get(self, key: str) -> Any:  # noqa: ANN401 - what was stored
        """Get the value of a key, None if there is none."""
        with _translated():
            return from_js(self._core.get(key))

    def put(self, key: str, value: Any) -> None:  # noqa: ANN401 - any value
        """Store *value* under *key*."""
        with _translated():
            self._core.put(key, to_js(value, "value"))

    def delete(self, key: str) -> bool:
        """Remove a key, and tell whether it was there."""
        with _translated():
            return bool(self._core.delete(key))

    def list(self, options: Any = None, **more: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - options of Cloudflare's
        """Give pairs of keys and values, see `DurableObjectStorage.list`."""
        with _translated():
            found: Any = from_js(self._core.list(to_js({**_options(options), **more}, "options")))
        return iter(found.items())


class DurableObjectContext(ExecutionContext):
    """What a Durable Object has as ``self.ctx``."""

    def __init__(self, parts: Any) -> None:  # noqa: ANN401 - `ObjectParts`
        """Stand for the object that *parts* belong to."""
        super().__init__(parts.state)
        self._parts = parts
        self.storage = DurableObjectStorage(parts.core)

    @property
    def id(self) -> Any:  # noqa: ANN401 - `toString`, `equals` and `name`
        """The object's id."""
        return self._js_context.id

    def blockConcurrencyWhile(self, callback: Callable[[], Any]) -> Awaitable[Any]:  # noqa: N802 - upstream's name
        """
        Call *callback*, and let no event of the object begin before it has ended.

        It runs also where its result is not awaited, as in ``__init__``. The object is reset if it raises or takes
        longer than 30 seconds.
        """
        release = self._parts.block()
        future = asyncio.ensure_future(self._block(callback, release))
        _held.add(future)
        future.add_done_callback(_held.discard)
        # The reset has told of it.
        future.add_done_callback(lambda each: None if each.cancelled() else each.exception() and None)
        return future

    async def _block(self, callback: Callable[[], Any], release: Callable[[], None]) -> Any:  # noqa: ANN401 - what it gives
        limit = asyncio.timeout(_BLOCK_LIMIT_S)
        try:
            async with limit:
                result = callback()
                if asyncio.iscoroutine(result) or isinstance(result, asyncio.Future):
                    result = await result
        except BaseException as error:
            # The callback may raise a TimeoutError of its own.
            self._reset(_BLOCKED_TOO_LONG if limit.expired() else f"{type(error).__name__}: {error}")
            raise
        finally:
            release()
        return result

    def abort(self, reason: str | None = None) -> None:
        """
        Reset the object: calls that run end with *reason*, and the next one makes it anew of its storage.

        Raises:
            DurableObjectAbort: Always.
        """
        message = "The Durable Object was aborted by its own code." if reason is None else reason
        self._reset(message)
        raise DurableObjectAbort(message)

    def _reset(self, message: str) -> None:
        self._parts.reset(js().Error.new(message))

    def acceptWebSocket(self, socket: Any, tags: list[str] | None = None) -> None:  # noqa: ANN401, N802 - a WebSocket
        """Let messages of *socket* be events of the object, which need not stay in memory for it."""
        with _translated():
            self._js_context.acceptWebSocket(_unwrapped(socket), to_js(tags or [], "tags"))

    def getWebSockets(self, tag: str | None = None) -> list[Any]:  # noqa: N802 - upstream's name
        """Get the sockets that were accepted and are open; those with *tag* only, if it is given."""
        found = self._js_context.getWebSockets() if tag is None else self._js_context.getWebSockets(tag)
        return [_BindingWrapper(socket) for socket in found]

    def getTags(self, socket: Any) -> list[str]:  # noqa: ANN401, N802 - a WebSocket
        """Get the tags that *socket* was accepted with."""
        with _translated():
            return [str(tag) for tag in self._js_context.getTags(_unwrapped(socket))]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what JavaScript's has besides
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(_BindingWrapper(self._js_context), name)


class _Raised:
    """The exception of Python's that went through JavaScript."""

    error: BaseException | None = None

    def wrap(self, closure: Callable[[], Any]) -> Callable[[], Any]:
        def call() -> Any:  # noqa: ANN401 - what the closure gives
            try:
                return closure()
            except BaseException as error:
                self.error = error
                raise

        return call


@contextmanager
def _raising() -> Iterator[_Raised]:
    raised = _Raised()
    try:
        yield raised
    except Exception:
        if raised.error is not None:
            raise raised.error from None
        raise


def _done(work: Callable[[], Any]) -> Awaitable[Any]:
    """A future that has the result of *work*, or its exception."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    try:
        with _translated():
            future.set_result(work())
    except Exception as error:  # noqa: BLE001 - whoever awaits it gets it
        future.set_exception(error)
    return future


def _keys(keys: str | list[str]) -> Any:  # noqa: ANN401 - one, or JavaScript's array
    return keys if isinstance(keys, str) else to_js(list(keys), "keys")


def _options(options: Any) -> dict[str, Any]:  # noqa: ANN401 - a dict, or JavaScript's object
    found: Any = from_js(options) if is_proxy(options) else options
    return dict(found or {})


def _unwrapped(socket: Any) -> Any:  # noqa: ANN401 - a WebSocket
    return getattr(socket, "js_object", socket)
