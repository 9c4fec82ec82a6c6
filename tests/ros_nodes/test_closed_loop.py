"""An exported policy with a memory as a node, in lockstep with a simulation node: the rewards of one process."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from rl_pipeline.cli import main
from rl_pipeline.commands.exit_status import DONE
from rl_pipeline.config.environment import Environment
from rl_pipeline.datasets.episode import Contents, Episode, Origin
from rl_pipeline.datasets.rollout_store import RolloutStore
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.learners.policy_spec import signals_of
from rl_pipeline.policies.exported import ExportedPolicy, load_exported
from rl_pipeline.policies.rollout import Rollout
from rl_pipeline.policies.spec import PolicySpec, Signal
from rl_pipeline.run import reports
from rl_pipeline.run.folder import find_runs
from tests.ros_network import RosNetwork

from .conftest import PATIENCE
from .test_policy import Operator

if TYPE_CHECKING:
    from .conftest import Participant

N_STEPS = 40
"""Of an episode; a new one begins by itself."""
N_EPISODES = 120
N_COMPARED = 3
"""Episodes one after the other, each of which a policy must begin with an empty memory."""
N_TRIES = 6
SEED = 5
KWARGS: dict[str, Any] = {"num_threads": 1, "max_episode_steps": N_STEPS}
CHEETAH: dict[str, Any] = {"id": "HalfCheetah-v5", "backend": "mujoco", "kwargs": KWARGS}
ENDLESS = {"max_deviation": None, "fall_height": 0.0}
WALKER: dict[str, Any] = {
    "id": "MotionImitation-v0",
    "backend": "mujoco",
    "kwargs": {**KWARGS, "actions": "reference", **ENDLESS},
}
"""Follows the walk of docs/motions.md, in episodes that do not end when it falls."""
REACH: dict[str, Any] = {"id": "FetchReachDense-v4", "backend": "mujoco", "kwargs": KWARGS}
PARTS = {"achieved_goal": "[0:3]", "desired_goal": "[3:6]", "observation": "[6:16]"}
"""What REACH observes, as the simulation node lists it."""


def write_rollouts(file: Path, kind: dict[str, Any]) -> None:
    """Write episodes of random numbers, whose observations and actions are those of the environment."""
    environment = Environment.model_validate({**kind, "n_environments": 1})
    with closing(make_vector_env(environment)) as env:
        observation, action = signals_of(env.single_observation_space), signals_of(env.single_action_space)
    assert isinstance(observation, Signal)
    assert isinstance(action, Signal)
    spec = PolicySpec("rollouts", observation, observation, action)
    rng = np.random.default_rng(SEED)
    with RolloutStore(file, Contents(spec, "raw", kind["id"], {"made up": {}})) as store:
        for number in range(2):
            actions = rng.uniform(-1, 1, (N_STEPS, *action.shape)).astype(np.float32)
            observations = rng.normal(size=(N_STEPS + 1, *observation.shape))
            origin = Origin("made up", "start", number)
            store.add([Episode(origin, observations, actions, actions, np.zeros(N_STEPS), truncated=True)])
        store.consolidate()


def recurrent_policy(folder: Path, environment: dict[str, Any]) -> Path:
    """Train a network with a memory that normalises its observations, and return its ONNX file."""
    write_rollouts(folder / "rollouts.hdf5", environment)
    files = [str(folder / "rollouts.hdf5")]
    return trained(
        "distill",
        folder,
        {**environment, "normalize": {"observation": True}},
        {
            "distillation": {"files": files, "width": 32, "learning_rate": 0.01},
            "training": {"total_timesteps": 4 * N_STEPS},
        },
    )


def policy_of_ppo(folder: Path, environment: dict[str, Any]) -> Path:
    """Train a policy that normalises its observations, and return its ONNX file."""
    return trained(
        "train",
        folder,
        {**environment, "n_environments": 2, "normalize": True},
        {
            "algorithm": "ppo",
            "algorithm_parameters": {"n_steps": 64, "batch_size": 64},
            "training": {"total_timesteps": 256},
        },
    )


def goal_policy(folder: Path, environment: dict[str, Any]) -> Path:
    """Train a policy with a goal and return its ONNX file."""
    return trained(
        "train",
        folder,
        {**environment, "n_environments": 2, "normalize": {"observation": True, "reward": False}},
        {
            "algorithm": "sac",
            "algorithm_parameters": {"learning_starts": 100, "batch_size": 32},
            "training": {"total_timesteps": 200},
        },
    )


def trained(command: str, folder: Path, environment: dict[str, Any], training: dict[str, Any]) -> Path:
    """Train a policy and return its ONNX file."""
    experiment = {
        "experiment": {"name": "robot", "folder": str(folder)},
        "environment": environment,
        "training": {
            **training,
            "training": {**training["training"], "device": "cpu", "eval": {"num_evals": 0}},
            "tensorboard": False,
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }
    file = folder / "experiment.yaml"
    file.write_text(yaml.safe_dump(experiment))
    assert main([command, "--config", str(file)]) == DONE
    [run] = find_runs(folder)
    return run.path / "policy.onnx"


def episodes_in_process(exported: ExportedPolicy, kind: dict[str, Any]) -> list[list[float]]:
    """Return the rewards of the first episodes, without those of the episode that is reset at once."""
    environment = Environment.model_validate({**kind, "n_environments": 1})
    with closing(make_vector_env(environment)) as env:
        env.reset(seed=SEED)
        rollout = Rollout(exported.policy, env, seed=None)  # which resets the environment
        return [[float(rollout.step().rewards[0]) for _ in range(N_STEPS)] for _ in range(N_EPISODES)]


@pytest.mark.parametrize(
    ("environment", "make_policy"),
    [
        (CHEETAH, recurrent_policy),
        (REACH, goal_policy),
        pytest.param(WALKER, policy_of_ppo, marks=pytest.mark.slow),
    ],
    ids=["cheetah with a memory", "arm with a goal", "walker"],
)
def test_a_node_in_lockstep_gets_the_rewards_of_a_single_process(
    environment: dict[str, Any],
    make_policy: Callable[[Path, dict[str, Any]], Path],
    ros_network: RosNetwork,
    participant: "Participant",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from std_msgs.msg import Float64
    from std_srvs.srv import Trigger

    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)  # takes longer than the training
    policy = make_policy(tmp_path, environment)
    exported = load_exported(policy)
    assert exported.policy.has_memory == (make_policy is recurrent_policy)
    expected = episodes_in_process(exported, environment)
    simulated, robot = tmp_path / "simulated.yaml", tmp_path / "robot.yaml"
    simulated.write_text(yaml.safe_dump({"environment": environment, "training": {"algorithm": "ppo"}}))
    n_actions = exported.spec.action.shape[0]
    action = {"field": f"simulation/action.data[0:{n_actions}]", "type": "std_msgs/msg/Float64MultiArray"}
    parts = [{"field": f"observation.data{numbers}", "part": part} for part, numbers in PARTS.items()]
    deploy: dict[str, Any] = {
        "observations": parts if environment is REACH else ["observation.data"],
        "commands": [{**action, "low": -1.0, "high": 1.0}],
        "trigger": "observation",
        "episode_start": "episode_start",
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
        """Whether episodes of the node equal some of those in process, at the latest after so long."""
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
    """Whether some episodes in a row are among the numbers, with nothing between their rewards."""
    starts = {episode[0]: index for index, episode in enumerate(episodes)}
    for index, number in enumerate(numbers):
        first = starts.get(number)
        if first is not None:
            expected = list(chain.from_iterable(episodes[first : first + N_COMPARED]))
            if numbers[index : index + len(expected)] == expected:
                return True
    return False
