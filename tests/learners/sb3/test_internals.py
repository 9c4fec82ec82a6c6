"""The private parts of Stable-Baselines3 and sb3-contrib that we rely on are those of the installed release.

A failure names the class and what it lacks, and the file of ours to change.
"""

import ast
import inspect
from collections import deque
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from sb3_contrib import ARS, RecurrentPPO
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3 import DQN, PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, ConvertCallback
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize
from stable_baselines3.her.her_replay_buffer import HerReplayBuffer

from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.iteration import PhaseCallback
from rl_pipeline.learners.sb3.own_state import SET_UP_ANEW
from rl_pipeline.learners.sb3.state import COUNTERS

PACKAGE = Path(internals.__file__).parents[3]
FOLDER = "rl_pipeline/learners/sb3"
INTERNALS, ADAPTER = f"{FOLDER}/internals.py", f"{FOLDER}/adapter.py"
HINDSIGHT = f"{FOLDER}/hindsight_replay.py"
SUBCLASSES = f"{FOLDER}/fast/off_policy.py, ppo.py and rollouts.py"


class Method(NamedTuple):
    """A private method that we call or override."""

    owner: type
    name: str
    parameters: str
    user: str


METHODS = [
    Method(
        BaseAlgorithm,
        "_setup_learn",
        "total_timesteps callback reset_num_timesteps tb_log_name progress_bar",
        INTERNALS,
    ),
    Method(BaseAlgorithm, "_setup_model", "", INTERNALS),
    Method(BaseAlgorithm, "_update_current_progress_remaining", "num_timesteps total_timesteps", INTERNALS),
    Method(BaseAlgorithm, "_update_learning_rate", "optimizers", INTERNALS),
    Method(BaseAlgorithm, "_update_info_buffer", "infos dones", INTERNALS),
    Method(BaseAlgorithm, "_get_torch_save_params", "", INTERNALS),
    Method(BaseAlgorithm, "_excluded_save_params", "", f"{INTERNALS}, {SUBCLASSES}"),
    Method(ARS, "_do_one_update", "callback async_eval", INTERNALS),
    Method(BasePolicy, "_predict", "observation deterministic", INTERNALS),
    Method(MaskableActorCriticPolicy, "_predict", "observation deterministic action_masks", INTERNALS),
    Method(
        RecurrentActorCriticPolicy,
        "_predict",
        "observation lstm_states episode_starts deterministic",
        INTERNALS,
    ),
    Method(
        OffPolicyAlgorithm,
        "_sample_action",
        "learning_starts action_noise n_envs",
        f"{FOLDER}/fast/off_policy.py",
    ),
    Method(HerReplayBuffer, "_compute_episode_length", "env_idx", HINDSIGHT),
    Method(HerReplayBuffer, "_normalize_obs", "env", HINDSIGHT),
    Method(HerReplayBuffer, "_normalize_reward", "env", HINDSIGHT),
    Method(HerReplayBuffer, "_maybe_cast_dtype", "", HINDSIGHT),
    Method(VecEnv, "_get_indices", "indices", ADAPTER),
    Method(VecEnv, "_reset_seeds", "", ADAPTER),
    Method(VecEnv, "_reset_options", "", ADAPTER),
    Method(BaseCallback, "_on_rollout_start", "", f"{FOLDER}/iteration.py"),
    Method(BaseCallback, "_on_rollout_end", "", f"{FOLDER}/iteration.py"),
    Method(BaseCallback, "_on_step", "", f"{FOLDER}/iteration.py"),
]


class Attribute(NamedTuple):
    """A private attribute of an instance that we read or set."""

    owner: str
    name: str
    kind: type
    user: str = INTERNALS


ATTRIBUTES = [
    *(Attribute(owner, "_total_timesteps", int) for owner in ("PPO", "SAC", "ARS")),
    *(Attribute(owner, "_current_progress_remaining", float) for owner in ("PPO", "SAC", "ARS")),
    *(Attribute(owner, "_stats_window_size", int) for owner in ("PPO", "SAC", "ARS")),
    *(Attribute(owner, "_last_obs", np.ndarray) for owner in ("PPO", "SAC")),
    Attribute("PPO", "_last_episode_starts", np.ndarray),
    *(Attribute(owner, "_n_updates", int) for owner in ("PPO", "SAC")),
    Attribute("SAC", "_vec_normalize_env", VecNormalize),
    Attribute("SAC", "_last_original_obs", np.ndarray),
    Attribute("RecurrentPPO", "_last_lstm_states", RNNStates),
    Attribute("DummyVecEnv", "_seeds", list, ADAPTER),
    Attribute("DummyVecEnv", "_options", list, ADAPTER),
]
NAMES = {name for name in (*SET_UP_ANEW, *COUNTERS) if name.startswith("_")}


@pytest.fixture(scope="module")
def objects() -> dict[str, Any]:
    """Instances of the classes of SB3, ready to learn."""

    def env() -> VecEnv:
        return DummyVecEnv([lambda: gymnasium.make("Pendulum-v1")])

    goals = spaces.Dict(
        dict.fromkeys(("observation", "achieved_goal", "desired_goal"), spaces.Box(-1.0, 1.0, (2,)))
    )
    models = {
        "PPO": PPO("MlpPolicy", env(), n_steps=8, batch_size=8, device="cpu"),
        "SAC": SAC("MlpPolicy", VecNormalize(env()), buffer_size=8, device="cpu"),
        "DQN": DQN("MlpPolicy", "CartPole-v1", buffer_size=8, device="cpu"),
        "RecurrentPPO": RecurrentPPO("MlpLstmPolicy", env(), n_steps=8, batch_size=8, device="cpu"),
        "ARS": ARS("MlpPolicy", env(), device="cpu"),
    }
    for model in models.values():
        internals.set_up_learning(model, 8, PhaseCallback())
    return {
        **models,
        "HerReplayBuffer": HerReplayBuffer(8, goals, spaces.Box(-1.0, 1.0, (1,)), env=env(), device="cpu"),
        "DummyVecEnv": env(),
        "ConvertCallback": ConvertCallback(None),
    }


def complaint(owner: str, name: str, problem: str, user: str) -> str:
    releases = " and ".join(
        f"{package} {version(package)}" for package in ("stable-baselines3", "sb3-contrib")
    )
    return f"with {releases}, {owner}.{name} {problem}; it is used by {user}"


@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.owner.__name__}.{method.name}")
def test_private_methods_take_what_we_pass(method: Method) -> None:
    found = getattr(method.owner, method.name, None)
    assert found is not None, complaint(method.owner.__name__, method.name, "is missing", method.user)
    parameters = " ".join(list(inspect.signature(found).parameters)[1:])
    problem = f"takes ({parameters}), not ({method.parameters})"
    assert parameters == method.parameters, complaint(
        method.owner.__name__, method.name, problem, method.user
    )


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda attribute: f"{attribute.owner}.{attribute.name}")
def test_private_attributes_hold_what_we_read(attribute: Attribute, objects: dict[str, Any]) -> None:
    owner, name, kind, user = attribute
    assert hasattr(objects[owner], name), complaint(owner, name, "is missing", user)
    value = getattr(objects[owner], name)
    problem = f"is a {type(value).__name__}, not a {kind.__name__}"
    assert isinstance(value, kind), complaint(owner, name, problem, user)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_attributes_that_checkpoints_name_exist(name: str, objects: dict[str, Any]) -> None:
    user = f"{FOLDER}/own_state.py or state.py"
    assert any(hasattr(each, name) for each in objects.values()), complaint("no class", name, "has it", user)


def test_the_episodes_of_a_model_are_buffers_of_fixed_length(objects: dict[str, Any]) -> None:
    assert isinstance(objects["PPO"].ep_info_buffer, deque)
    assert objects["PPO"].ep_info_buffer.maxlen == internals.n_recent_episodes(objects["PPO"])


def test_each_private_part_is_used_in_one_file_and_checked_here(objects: dict[str, Any]) -> None:
    names = {name for each in objects.values() for name in (*vars(each), *dir(type(each)))}
    private = {name for name in names if name.startswith("_") and not name.startswith("__")}
    checked = {part.name for part in (*METHODS, *ATTRIBUTES)}
    files: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.glob("rl_pipeline/**/*.py")):
        source = path.read_text()
        if "stable_baselines3" in source or "sb3_contrib" in source or "learners.sb3" in source:
            for name in private_names(source) & private:
                files.setdefault(name, set()).add(str(path.relative_to(PACKAGE)))
    assert {name: users for name, users in files.items() if len(users) > 1} == {}
    assert files.keys() - checked == set()


def private_names(source: str) -> set[str]:
    """List the attributes that a file reads, sets or calls, without calls of an overridden method of `super()`."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) != "super()"
    } | {
        str(node.args[1].value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("getattr", "setattr", "hasattr")
        and isinstance(node.args[1], ast.Constant)
    }
