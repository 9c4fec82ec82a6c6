"""An exported policy as a node, in lockstep with a simulation node: the same rewards as in one process."""

import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from rl_pipeline.cli import main
from rl_pipeline.commands.exit_status import DONE
from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.policies.exported import ExportedPolicy, load_exported
from rl_pipeline.policies.rollout import Rollout
from rl_pipeline.run.folder import find_runs
from tests.ros_network import RosNetwork

from .conftest import PATIENCE
from .test_policy import Operator

if TYPE_CHECKING:
    from .conftest import Participant

N_STEPS = 150
N_EPISODES = 60
N_TRIES = 6
SEED = 5
CHEETAH = {"id": "HalfCheetah-v5", "backend": "mujoco", "kwargs": {"num_threads": 1}}
ENDLESS = {"max_deviation": None, "fall_height": 0.0}
WALKER = {
    "id": "MotionImitation-v0",
    "backend": "mujoco",
    "kwargs": {"num_threads": 1, "actions": "reference", **ENDLESS},
}
"""Follows the walk of docs/motions.md, in episodes that do not end when it falls."""


def trained(folder: Path, environment: dict[str, Any]) -> Path:
    """Train a policy that normalises its observations, and return its ONNX file."""
    experiment = {
        "experiment": {"name": "robot", "folder": str(folder)},
        "environment": {**environment, "n_environments": 2, "normalize": True},
        "training": {
            "algorithm": "ppo",
            "algorithm_parameters": {"n_steps": 64, "batch_size": 64},
            "training": {"total_timesteps": 256, "device": "cpu", "eval": {"num_evals": 0}},
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }
    file = folder / "experiment.yaml"
    file.write_text(yaml.safe_dump(experiment))
    assert main(["train", "--config", str(file)]) == DONE
    [run] = find_runs(folder)
    return run.path / "policy.onnx"


def rewards_in_process(exported: ExportedPolicy, kind: dict[str, Any]) -> list[list[float]]:
    """Return the first rewards of each of the first episodes."""
    environment = Environment.model_validate({**kind, "n_environments": 1})
    with closing(make_vector_env(environment)) as env:
        env.reset(seed=SEED)
        episodes = []
        for _ in range(N_EPISODES):
            rollout = Rollout(exported.policy, env, seed=None)  # which resets the environment
            episodes.append([float(rollout.step().rewards[0]) for _ in range(N_STEPS)])
        return episodes


@pytest.mark.parametrize(
    "environment", [CHEETAH, pytest.param(WALKER, marks=pytest.mark.slow)], ids=["cheetah", "walker"]
)
def test_a_node_in_lockstep_gets_the_rewards_of_a_single_process(
    environment: dict[str, Any], ros_network: RosNetwork, participant: "Participant", tmp_path: Path
) -> None:
    from std_msgs.msg import Float64
    from std_srvs.srv import Trigger

    policy = trained(tmp_path, environment)
    expected = rewards_in_process(load_exported(policy), environment)
    simulated, robot = tmp_path / "simulated.yaml", tmp_path / "robot.yaml"
    simulated.write_text(yaml.safe_dump({"environment": environment, "training": {"algorithm": "ppo"}}))
    action = {"field": "simulation/action.data[0:6]", "type": "std_msgs/msg/Float64MultiArray"}
    deploy: dict[str, Any] = {
        "observations": ["observation.data"],
        "commands": [{**action, "low": -1.0, "high": 1.0}],
        "trigger": "observation",
        "ramp": 0.0,
        "startup_timeout": PATIENCE,
        "safety": {"max_age": PATIENCE, "max_late": PATIENCE},
    }
    robot.write_text(yaml.safe_dump({"deploy": deploy}))
    rewards = participant.collect(Float64, "/reward", latched=False, reliable=True)
    operator = Operator(participant)

    def reset() -> None:
        assert participant.call(Trigger, "/simulation/reset_episode").success

    def agree(seconds: float) -> bool:
        """Whether an episode of the node equals one of those in process, at the latest after so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if contains([message.data for message in rewards.messages], expected):
                return True
            time.sleep(0.2)
        return False

    def be_quiet() -> None:
        """Wait until no step is under way."""
        steps = -1
        while steps != len(rewards.messages):
            steps = len(rewards.messages)
            time.sleep(1.0)

    lockstep = ["-p", f"config:={simulated}", "-p", "lockstep:=true", "-p", f"seed:={SEED}"]
    acting = ["-p", f"policy:={policy}", "-p", f"config:={robot}"]
    with (
        ros_network.node("rl_nodes", "simulation", *lockstep),
        ros_network.node("rl_nodes", "policy", *acting),
    ):
        rewards.wait_for_publisher()
        activation = threading.Thread(target=operator.change, args=["activate"])
        activation.start()
        while activation.is_alive():  # until the policy has seen a first observation
            reset()
            activation.join(0.5)
        # A late message of an earlier episode makes two steps go around at once; then another try is needed.
        for _ in range(N_TRIES):
            assert operator.change("deactivate"), operator.status
            be_quiet()
            assert operator.change("activate"), operator.status
            reset()
            if agree(PATIENCE / N_TRIES):
                return
    raise AssertionError(f"none of {len(rewards.messages)} rewards begins an episode of a single process")


def contains(numbers: list[float], episodes: list[list[float]]) -> bool:
    """Whether one of the episodes is among the numbers, with nothing between its rewards."""
    starts = {episode[0]: episode for episode in episodes}
    return any(
        numbers[index : index + N_STEPS] == starts[number]
        for index, number in enumerate(numbers)
        if number in starts
    )
