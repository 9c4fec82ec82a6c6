"""`rl-pipeline collect` as its users call, stop and kill it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.datasets.rollouts import RolloutDataset
from rl_pipeline.run.folder import RunFolder

from .conftest import Command

PATIENCE = 300.0
MANY = "20000"


def start(*words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "rl_pipeline", "collect", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def wait_for_parts(process: "subprocess.Popen[str]", folder: Path, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(list(folder.glob("0*.hdf5"))) < count:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_after_a_kill_the_same_command_continues(command: Command, trained: RunFolder) -> None:
    process = start("tiny", "--episodes", MANY, "--out", "killed.hdf5")
    wait_for_parts(process, Path("killed.hdf5.parts"), 3)
    process.kill()
    process.communicate(timeout=PATIENCE)
    assert not Path("killed.hdf5").exists()
    assert command("collect", "tiny", "--episodes", "40", "--out", "killed.hdf5").status == 0
    assert command("collect", "tiny", "--episodes", "40", "--out", "whole.hdf5").status == 0
    killed = {one.origin: one for one in RolloutDataset(["killed.hdf5"])}
    assert len(killed) >= 40
    for whole in RolloutDataset(["whole.hdf5"]):
        one = killed[whole.origin]
        assert one.seed == whole.seed
        np.testing.assert_array_equal(one.observations, whole.observations)
        np.testing.assert_array_equal(one.actions, whole.actions)


def test_ctrl_c_keeps_the_episodes_that_ended(command: Command, trained: RunFolder) -> None:
    process = start("tiny", "--episodes", MANY, "--out", "stopped.hdf5")
    wait_for_parts(process, Path("stopped.hdf5.parts"), 3)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert "Stopped. Run the same command again to record the rest." in output
    assert len(RolloutDataset(["stopped.hdf5"])) >= 3
    assert not Path("stopped.hdf5.parts").exists()


def test_a_file_grows(command: Command, trained: RunFolder) -> None:
    assert command("collect", "tiny", "--episodes", "2", "--out", "x.hdf5").status == 0
    before = RolloutDataset(["x.hdf5"])[0]
    outcome = command("collect", "tiny", "--from-start", "3", "--from-random", "2", "--out", "x.hdf5")
    assert outcome.output.endswith("x.hdf5: 5 episodes of 1 experts\n")
    assert (
        command("collect", "tiny", "--checkpoint", "init", "--episodes", "1", "--out", "x.hdf5").status == 0
    )
    dataset = RolloutDataset(["x.hdf5"])
    assert [entry.origin.start for entry in dataset.entries] == ["start"] * 4 + ["random"] * 2
    assert len(dataset.contents.experts) == 2
    np.testing.assert_array_equal(dataset[0].observations, before.observations)


def test_refusals_say_what_to_do(command: Command, trained: RunFolder) -> None:
    outcome = command("collect", "tiny", "--episodes", "1", "--out", "absent/x.hdf5")
    assert (outcome.status, "--out: the folder" in outcome.error) == (2, True)
    outcome = command("collect", "tiny", "--episodes", "1", "--from-start", "1", "--out", "x.hdf5")
    assert (outcome.status, "give only one of them" in outcome.error) == (2, True)
    outcome = command("collect", "tiny", "--noise", "-1", "--out", "x.hdf5")
    assert (outcome.status, "must be a non-negative number" in outcome.error) == (2, True)


def test_a_full_disk_is_told(command: Command, trained: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        outcome = command("collect", "tiny", "--episodes", "1", "--out", "x.hdf5")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert outcome.status == 1
    assert "File too large; the finished episodes are kept in" in outcome.error
    assert command("collect", "tiny", "--episodes", "1", "--out", "x.hdf5").status == 0
