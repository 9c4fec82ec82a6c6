"""`rl-pipeline tensorboard`."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.latest import mark_latest

from .conftest import Command

GENEROUS = 240.0


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def logged(make_run: Callable[[str], RunFolder]) -> RunFolder:
    """A run with one value in its logs, to which `latest` leads."""
    run = RunFolder(make_run("walk").path.resolve())
    writer = EventFileWriter(str(run.path / "tensorboard"))
    value = Summary.Value(tag="eval/mean_reward", simple_value=1.0)
    writer.add_event(Event(step=1, summary=Summary(value=[value])))
    writer.close()
    mark_latest(run)
    return run


def shown_runs(address: str) -> list[str]:
    """Ask TensorBoard for the names of runs until it has read some."""
    end = time.monotonic() + GENEROUS
    while time.monotonic() < end:
        with urlopen(f"{address}data/runs", timeout=GENEROUS) as answer:
            if runs := json.load(answer):
                return list(runs)
        time.sleep(0.2)
    raise TimeoutError(f"{address} shows no run")


def test_every_run_is_shown_once_until_ctrl_c(logged: RunFolder, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "links"
    folder.mkdir()
    command = [
        "env",
        f"TMPDIR={folder}",
        sys.executable,
        "-m",
        "rl_pipeline",
        "tensorboard",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert (
                line == f"TensorBoard shows the runs at http://127.0.0.1:{port}/; press Ctrl-C to stop it\n"
            )
            assert shown_runs(f"http://127.0.0.1:{port}/") == ["experiments/CartPole-v1/a2c/walk"]
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=GENEROUS)
        finally:
            process.kill()
    assert process.returncode == 0, error
    assert "Traceback" not in error
    assert not list(folder.glob("rl-pipeline-*"))


def test_a_taken_port_is_named(command: Command, logged: RunFolder, taken_port: int) -> None:
    outcome = command("tensorboard", "walk", "--port", str(taken_port))
    assert outcome.status == 2
    assert f"port {taken_port} of 127.0.0.1 is in use" in outcome.error
    assert "choose another port with --port" in outcome.error


def test_a_missing_tensorboard_is_named(
    command: Command, logged: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    outcome = command("tensorboard")
    assert outcome.status == 2
    assert "TensorBoard is not installed" in outcome.error
    assert "pip install 'rl-pipeline[train]'" in outcome.error


def test_a_run_without_logs_is_refused(command: Command, make_run: Callable[[str], RunFolder]) -> None:
    make_run("walk")
    outcome = command("tensorboard", "walk")
    assert outcome.status == 2
    assert "has no logs: it was trained with `training.tensorboard: false`" in outcome.error
    assert "must be at most 65535" in command("tensorboard", "--port", "99999").error
