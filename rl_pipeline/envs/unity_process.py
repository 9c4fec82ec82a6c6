"""Start, supervision and end of the process of a Unity build."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.envs.errors import WorkerError

PLAYER = "unity_build/player/tank.x86_64"
"""The program in this repository that replaces a build in tests and examples."""
TAIL_LINES = 15
END_S = 5.0
"""Seconds that a process has to end by itself."""


class UnityProcessError(WorkerError):
    """Raised when a Unity process ended or never answered."""


def free_port() -> int:
    """Return a TCP port of the loopback interface that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def check_build(build_path: str, key: str = "environment.unity.build_path") -> Path:
    """Return the executable of a build.

    Raises:
        ConfigError: The file does not exist or cannot be executed.
    """
    path = Path(build_path).resolve()
    if path.is_file() and os.access(path, os.X_OK):
        return path
    if path.is_file():
        problem = Problem(key, "is not executable", build_path, remedy=f"chmod +x {build_path}")
    else:
        near = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        remedy = (
            "put the executable of a Linux build there (with its *_Data folder beside it), or write "
            f"{PLAYER}, a small task that needs no Unity"
        )
        problem = Problem(
            key, "the Unity build does not exist", build_path, nearest=nearest(path.name, near), remedy=remedy
        )
    raise ConfigError([problem])


class UnityProcess:
    """A running build in its own process group.

    Args:
        executable: the build.
        arguments: its command line after `-logFile`.
        log: file for the output of the build, and its `-logFile`.
        headless: run without graphics.
    """

    def __init__(self, executable: Path, arguments: Sequence[str], log: Path, headless: bool = True) -> None:
        self.executable, self.log = executable, log
        command = [
            str(executable),
            *(["-batchmode", "-nographics"] if headless else []),
            "-logFile",
            str(log),
        ]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={
                    **os.environ,
                    "PATH": os.pathsep.join(
                        [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
                    ),
                },
            )

    @property
    def pid(self) -> int:
        """Process id of the build."""
        return self._process.pid

    def alive(self) -> bool:
        """Return whether the build still runs."""
        return self._process.poll() is None

    def failure(self, what: str) -> UnityProcessError:
        """Return an error with a description of the failure and the end of the log."""
        status = self._process.poll()
        ending = "it still runs" if status is None else f"it ended with status {status}"
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:] if self.log.is_file() else []
        tail = "\n".join(f"    {line}" for line in lines) or "    (empty)"
        return UnityProcessError(f"{what}: {ending}; the end of {self.log}:\n{tail}")

    def close(self) -> None:
        """End the build and all processes that it started."""
        started = [process for process in psutil.process_iter() if self._started(process)]
        for end in (psutil.Process.terminate, psutil.Process.kill):
            for process in started:
                with suppress(psutil.NoSuchProcess):
                    end(process)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(END_S)

    def _started(self, process: psutil.Process) -> bool:
        """Find the build and its processes by their group, which outlives it; on Windows, by their parents."""
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
            if hasattr(os, "getpgid"):
                return os.getpgid(process.pid) == self.pid
            return self.pid in (process.pid, process.ppid())
        return False
