"""PostgreSQL on this machine alone: a server of its own in a temporary folder, on a free port of the loopback."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

PATIENCE = 300.0
"""Seconds after which what is waited for has failed, on however slow a machine."""
PASSWORD = "secret-of-the-test"
_USER_OF_DEBIAN = "postgres"


def program(name: str) -> str | None:
    """Return the path of one of PostgreSQL's programs, which Debian keeps out of the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name) or next((str(f / name) for f in folders if (f / name).exists()), None)


class PostgresServer:
    """A server that can be killed and started again.

    Attributes:
        url: Address of its database, with the password.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"postgresql://tester:{PASSWORD}@127.0.0.1:{port}/postgres"
        self._folder, self._port = folder, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting until it answers."""
        options = ["-D", str(self._folder / "data"), "-p", str(self._port)]
        options += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]
        command = [str(program("postgres")), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, user=_as_another_user())

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + PATIENCE
        command = [str(program("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        while subprocess.run(command, check=False).returncode:
            log = (self._folder / "log").read_text()
            assert self._process is not None, log
            assert self._process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, as `kill -9` and a lost machine do."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order; its connections are closed."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server; skip the test where PostgreSQL is not installed."""
    if program("initdb") is None or program("postgres") is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    user = _as_another_user()
    if user and _USER_OF_DEBIAN not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("PostgreSQL does not run as root, and the user postgres is missing")
    # Not below pytest's folders: those of root are closed to other users.
    with TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD)
        if user:
            for path in (folder, folder / "password"):
                shutil.chown(path, _USER_OF_DEBIAN)
        command = [str(program("initdb")), "-D", str(folder / "data"), "-U", "tester", "-A", "scram-sha-256"]
        command += ["--pwfile", str(folder / "password"), "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, user=user)
        server = PostgresServer(folder, _free_port())
        server.start()
        try:
            server.wait()
            yield server
        finally:
            server.stop()


def _as_another_user() -> str | None:
    """Return the user that a server runs as: PostgreSQL refuses to run as root."""
    return _USER_OF_DEBIAN if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
