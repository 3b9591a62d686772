"""A PostgreSQL of the tests' own: made in a temporary folder, and stopped and deleted at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
"""Debian's, one for each version."""
USER = "postgres"


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl, of the newest PostgreSQL; None: there is none."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    return FOLDERS[-1] if FOLDERS else None


def server_user() -> str | None:
    """The user who may run a server: this one, but root may not, and Debian's package brings one."""
    return USER if os.geteuid() == 0 else None


def can_run() -> bool:
    """Whether a server can be started here."""
    if find_programs() is None:
        return False
    with contextlib.suppress(KeyError):
        return server_user() is None or pwd.getpwnam(USER) is not None
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """
    A running server.

    Attributes:
        port: Its port on the loopback interface.
        programs: The folder of initdb and pg_ctl.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.programs = programs
        self._data = folder / "data"
        self._schemas = 0
        if (user := server_user()) is not None:
            shutil.chown(folder, user)
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8")
        settings = f"port = {self.port}\nunix_socket_directories = '{folder}'\nlisten_addresses = '127.0.0.1'\n"
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(settings)
        self.start()

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self.folder / "log"), "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it. `immediate` is as if it had crashed."""
        self._run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "stop")

    def revive(self) -> None:
        """Start it, whether it has ended already or is about to, of a fault of its own."""
        with contextlib.suppress(AssertionError):
            self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")
        self.start()

    @contextlib.contextmanager
    def standby(self, *, synchronous: bool = True) -> Iterator[Standby]:
        """A standby. For a synchronous one each commit waits from now on."""
        standby = Standby(self)
        try:
            standby.start()
            if synchronous:
                self.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
                self.query("SELECT pg_reload_conf()")
            yield standby
        finally:
            standby.stop("immediate")

    def address(self, *, port: int | None = None, user: str = USER, **parameters: str) -> str:
        """The address of a state in a schema of its own, unless *parameters* name one."""
        if "schema" not in parameters:
            self._schemas += 1
            parameters["schema"] = f"state_{self._schemas}"
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgres://{user}@127.0.0.1:{port or self.port}/postgres?{query}"

    def query(self, sql: str) -> str:
        """What psql prints for *sql*."""
        command = [str(self.programs / "psql"), "-h", str(self.folder), "-p", str(self.port), "-U", USER]
        command += ["-d", "postgres", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _run(self, program: str, *arguments: str) -> None:
        # A folder that the server's user may enter.
        command = [str(self.programs / program), *arguments]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=server_user(),
            cwd="/",
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{program} ended with {done.returncode}"


class Standby(Cluster):
    """A server that follows another one, until it is promoted."""

    def __init__(self, primary: Cluster) -> None:
        self.port = free_port()
        self.folder = primary.folder / f"standby-{self.port}"
        self.folder.mkdir()
        if (user := server_user()) is not None:
            shutil.chown(self.folder, user)
        self.programs = primary.programs
        self._data = self.folder / "data"
        self._schemas = 0
        source = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", USER)
        self._run("pg_basebackup", "-D", str(self._data), "-R", "-X", "stream", "-c", "fast", *source)
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"port = {self.port}\nunix_socket_directories = '{self.folder}'\n")

    def promote(self) -> None:
        """Become the primary, which waits for no standby."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "promote")
        self.query("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.query("SELECT pg_reload_conf()")


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A server for the time of the tests."""
    programs = find_programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="stepwell-pg-"))
    try:
        folder.chmod(0o755)
        cluster = Cluster(folder, programs)
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
