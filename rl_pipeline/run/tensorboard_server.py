"""A TensorBoard server for the logs of runs on this machine."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rl_pipeline.errors import RefusedError
from rl_pipeline.run.folder import RunFolder

LOGS = "tensorboard"
"""Folder of a run that holds its logs."""
RENEWED_EVERY = 5.0
"""Seconds between searches for new runs."""


def serve(
    find: Callable[[], Sequence[RunFolder]], host: str, port: int, announce: Callable[[str], None]
) -> None:
    """Serve until Ctrl-C or SIGTERM; call it in the main thread.

    TensorBoard reads a folder of links, one for each run: it would follow `latest` and show that run twice.

    Args:
        find: Lists the runs to show; it is called repeatedly.
        host: Address to listen on.
        port: Port to listen on.
        announce: Called with the address when the server answers.

    Raises:
        RefusedError: TensorBoard is not installed, or the port is in use.
    """
    earlier = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="rl-pipeline-tensorboard-") as folder:
            link_logs(find(), Path(folder))
            announce(_start(Path(folder), host, port))
            while True:
                time.sleep(RENEWED_EVERY)
                link_logs(find(), Path(folder))
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, earlier)


def link_logs(runs: Sequence[RunFolder], folder: Path) -> None:
    """Make a link to the logs of every run that has logs, named after the run's path in the working folder."""
    for run in runs:
        logs = run.path / LOGS
        link = folder / os.path.relpath(run.path).replace("../", "")
        if logs.is_dir() and not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(logs, target_is_directory=True)


def _start(folder: Path, host: str, port: int) -> str:
    """Start TensorBoard in a thread and return its address."""
    try:
        from tensorboard import program
    except ModuleNotFoundError as error:
        message = f"TensorBoard is not installed ({error}); run `pip install 'rl-pipeline[train]'`"
        raise RefusedError(message) from error
    server = program.TensorBoard()
    server.configure(
        argv=["tensorboard", f"--logdir={folder}", f"--host={host}", f"--port={port}", "--load_fast=false"]
    )
    try:
        return str(server.launch())
    except program.TensorBoardPortInUseError as error:
        message = f"port {port} of {host} is in use, perhaps by another TensorBoard; choose another port with --port"
        raise RefusedError(message) from error
    except program.TensorBoardServerException as error:
        raise RefusedError(f"TensorBoard cannot listen on {host}:{port}: {error.msg}") from error
