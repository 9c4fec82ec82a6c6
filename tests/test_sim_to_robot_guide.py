"""The guide from simulation to a robot, run as it stands; our simulation plays the robot."""

import subprocess
from pathlib import Path

import pytest
import torch
from stable_baselines3 import PPO

from tests.documentation import DOCS, ROOT, blocks, rl_pipeline, write_files
from tests.ros_network import RosNetwork, end

PAGE = DOCS / "sim_to_robot.md"
SHORT = [
    "training.training.total_timesteps=2048",
    "training.training.eval.num_evals=1",
    "evaluation.video=false",
]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(PAGE, tmp_path)
    (tmp_path / "ros_ws").symlink_to(ROOT / "ros_ws")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def node(activate: str, command: str, network: RosNetwork) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["bash", "-c", f"{activate} || exit\nexec {command}"],
        env=network.environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return PPO.load(checkpoint / "model.zip", device="cpu").policy.state_dict()


def test_a_simulated_policy_goes_on_learning_on_the_robot_and_acts(
    ros_network: RosNetwork, reader: Path
) -> None:
    simulate, robot, policy = (block.splitlines() for block in blocks(PAGE, "bash"))
    rl_pipeline(*simulate, *SHORT)
    simulation = node(*robot, ros_network)
    try:
        activate, train, play = policy
        rl_pipeline(train)
        acting = node(activate, play, ros_network)
        output, _ = acting.communicate(timeout=200)
    finally:
        end(simulation)
    assert acting.returncode == 0, output
    assert "episode 2: return" in output
    [simulated] = reader.glob("experiments/*/ppo/simulated*/checkpoints/best")
    [init] = reader.glob("experiments/*/ppo/robot*/checkpoints/init")
    brought, learnt = weights(init), weights(simulated)
    assert all(torch.equal(brought[name], learnt[name]) for name in learnt)
