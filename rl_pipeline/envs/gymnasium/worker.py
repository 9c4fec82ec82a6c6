"""The parent's side of one worker process."""

import contextlib
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cloudpickle

from rl_pipeline.envs.errors import WorkerAttributeError, WorkerDiedError, WorkerError
from rl_pipeline.envs.gymnasium.description import GroupDescription
from rl_pipeline.envs.gymnasium.worker_server import Reply

DEATH_TIMEOUT = 10.0
"""Seconds that a process has to end after its pipe has broken, before it is killed."""

PACKAGE_PARENT = str(Path(__file__).resolve().parents[3])


class WorkerProcess:
    """A process that holds the environments `first` to `stop` - 1 of a batch.

    The process is a new interpreter and not a child of `multiprocessing`, which would run the parent's main script
    again and import torch.

    Args:
        index: number of the worker, for messages.
        first: index of its first environment.
        stop: index after its last environment.
        env_fns: cloudpickle of the functions that make the environments.
        memory_handle: file descriptor of the memory that all workers share.
    """

    def __init__(self, index: int, first: int, stop: int, env_fns: bytes, memory_handle: int) -> None:
        self.index = index
        self.rows = slice(first, stop)
        self.metric_keys: list[str] = []
        self.environment_name = ""
        """Set when the environments have been made."""
        self._env_fns = env_fns
        self._memory_handle = memory_handle
        self._unanswered = False
        self.started = False
        self.process: subprocess.Popen[bytes]
        self._connection: Connection
        self._poll: select.poll

    def __contains__(self, environment: int) -> bool:
        """Return whether an environment, by its index in the batch, is in this worker."""
        return self.rows.start <= environment < self.rows.stop

    def start(self) -> None:
        """Start the process, which makes its environments; the caller must receive the reply."""
        ours, theirs = socket.socketpair()
        # The kernel sends the signal when the thread that started the process ends, so it must be the main thread.
        kill_with_parent = threading.current_thread() is threading.main_thread()
        arguments = [theirs.fileno(), self._memory_handle, os.getpid(), int(kill_with_parent)]
        command = [
            sys.executable,
            "-P",
            "-m",
            "rl_pipeline.envs.gymnasium.worker_process",
            *map(str, arguments),
        ]
        with theirs:
            self.process = subprocess.Popen(
                command,
                env=_environment_variables(),
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), self._memory_handle),
            )
        self._connection = Connection(ours.detach())
        self._poll = select.poll()
        self._poll.register(self._connection, select.POLLIN)
        self.started = True
        self.metric_keys, self._unanswered = [], False
        self._send_bytes(pickle.dumps(sys.path))
        self.send(pickle.dumps(("make", (self._env_fns, self.rows.start))))

    def made(self) -> GroupDescription:
        """Wait until the environments have been made."""
        description: GroupDescription = self.receive()
        self.environment_name = description.name
        return description

    def ask(self, command: str, *arguments: object) -> Any:
        """Execute a command in the worker and return its result; raises like `send` and `receive`."""
        self.send(cloudpickle.dumps((command, arguments)))
        return self.receive()

    def send(self, request: bytes) -> None:
        """Send a pickled pair (command, arguments).

        Raises:
            WorkerDiedError: the process has ended.
        """
        if self._unanswered:  # the parent was interrupted while it waited for an earlier reply
            self._receive_bytes()
        self._send_bytes(request)
        self._unanswered = True

    def has_answered(self, milliseconds: int) -> bool:
        """Wait this long for the reply to the last request, or for the end of the process."""
        return bool(self._poll.poll(milliseconds))

    def kill(self, why: str) -> WorkerDiedError:
        """Kill the process and return the error."""
        self.process.kill()
        self.process.wait()
        self._connection.close()
        return WorkerDiedError(f"{self._name()} was killed: {why}")

    def receive(self) -> Any:
        """Wait for the reply to the last request and return its result.

        Raises:
            WorkerDiedError: the process has ended.
            WorkerError: an environment raised an exception.
        """
        reply: Reply = pickle.loads(self._receive_bytes())
        if reply.failure is None:
            return reply.result
        failure = reply.failure
        where = f"environment {failure.environment}{self._of_name()} (worker {self.index})"
        message = f"{where} raised {failure.message}\n\nIn the worker:\n{failure.traceback}"
        kind = WorkerAttributeError if failure.is_attribute_error else WorkerError
        raise kind(message, failure.environment)

    def _send_bytes(self, request: bytes) -> None:
        try:
            self._connection.send_bytes(request)
        except OSError as error:
            raise self._death() from error

    def _receive_bytes(self) -> bytes:
        try:
            reply = self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise self._death() from error
        self._unanswered = False
        return reply

    def _death(self) -> WorkerDiedError:
        self._connection.close()
        try:
            status = self.process.wait(DEATH_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        return WorkerDiedError(f"{self._name()} {_ending(status)}")

    def _name(self) -> str:
        first, last = self.rows.start, self.rows.stop - 1
        environments = f"environment {first}" if first == last else f"environments {first}-{last}"
        return f"worker {self.index} ({environments}{self._of_name()})"

    def _of_name(self) -> str:
        return f" of {self.environment_name}" if self.environment_name else ""

    def ask_to_close(self) -> None:
        """Ask the process to close its environments and end, without waiting for it."""
        with contextlib.suppress(OSError):  # it may have ended already
            self._connection.send_bytes(pickle.dumps(("close", ())))
        self._connection.close()

    def end(self, timeout: float) -> None:
        """Wait for the process to end; kill it if it takes longer than `timeout` seconds."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _environment_variables() -> dict[str, str]:
    search_path = [PACKAGE_PARENT, *filter(None, [os.environ.get("PYTHONPATH")])]
    single_thread = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    return os.environ | single_thread | {"PYTHONPATH": os.pathsep.join(search_path)}


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
