"""A proxy on the loopback interface that cuts connections, at any byte."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """
    Passes bytes on to a server.

    Attributes:
        port: Where it listens.
        target: The port of the server, for connections to come.
        cut_after: How many further bytes go to the server before all connections are cut; None: all of them do.
        cuts: How often it has cut.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.cut_after: int | None = None
        self.cuts = 0
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self._cut()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self.target))
                except OSError:
                    client.close()
                    continue
                self._sockets |= {client, server}
                for one, other, counted in ((client, server, True), (server, client, False)):
                    self._threads.append(threading.Thread(target=self._pump, args=(one, other, counted), daemon=True))
                    self._threads[-1].start()

    def _pump(self, source: socket.socket, target: socket.socket, counted: bool) -> None:  # noqa: FBT001 - a thread's
        try:
            while data := source.recv(65536):
                with self._lock:
                    left = self.cut_after if counted else None
                    if left is not None and len(data) > left:
                        # The server gets the first half of a statement.
                        target.sendall(data[:left])
                        self.cut_after = None
                        self.cuts += 1
                        break
                    if left is not None:
                        self.cut_after = left - len(data)
                target.sendall(data)
            else:
                target.shutdown(socket.SHUT_WR)
                return
            self._cut()
        except OSError:
            # A side that is gone without a farewell is gone for the other one, too.
            for each in (source, target):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _cut(self) -> None:
        sockets, self._sockets = self._sockets, set()
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
