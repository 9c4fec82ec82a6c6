"""Builds the Stable-Baselines3 model that a configuration describes."""

from typing import Any

from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.her.her_replay_buffer import HerReplayBuffer

from rl_pipeline.config.architecture import Architecture
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.training import Training
from rl_pipeline.learners.sb3.activation import hidden_activation
from rl_pipeline.learners.sb3.engines import engine_class
from rl_pipeline.learners.sb3.noise import make_action_noise
from rl_pipeline.learners.sb3.registry import Algorithm, find_algorithm
from rl_pipeline.learners.sb3.schedules import make_schedule
from rl_pipeline.models.registry import find_feature_extractor, find_optimizer

CONSTRUCTOR_SCHEDULES = {"learning_rate", "clip_range", "clip_range_vf", "delta_std"}
"""Parameters for which SB3 itself takes a schedule; `scheduled_attributes` does the others."""


def build_model(training: Training, env: VecEnv, *, seed: int, device: str) -> BaseAlgorithm:
    """Build an untrained model.

    Args:
        training: The `training` section.
        env: The environment that it will act in.
        seed: Seeds python, numpy, torch, the action space and the environment.
        device: A torch device.

    Raises:
        ConfigError: The section names something that does not exist.
    """
    algorithm = require(find_algorithm(training.algorithm))
    model_class = engine_class(algorithm, training.engine)
    parameters = constructor_parameters(training, algorithm, env)
    policy_class = model_class.policy_aliases[parameters["policy"]]
    return model_class(
        env=env,
        policy_kwargs=policy_kwargs(training.architecture, policy_class),
        seed=seed,
        device=device,
        **parameters,
    )


def require(found: Any) -> Any:
    """Return what a look-up found, or raise the problem that it returned instead."""
    if isinstance(found, Problem):
        raise ConfigError([found])
    return found


def constructor_parameters(training: Training, algorithm: Algorithm, env: VecEnv) -> dict[str, Any]:
    """Turn `algorithm_parameters` and `schedules` into arguments of the constructor."""
    parameters = dict(training.algorithm_parameters)
    parameters.setdefault("policy", algorithm.policy_for(env.observation_space))
    if parameters.get("action_noise") is not None:
        assert isinstance(env.action_space, spaces.Box)
        parameters["action_noise"] = make_action_noise(parameters["action_noise"], env.action_space.shape)
    if isinstance(parameters.get("train_freq"), list):
        parameters["train_freq"] = tuple(parameters["train_freq"])
    if parameters.get("replay_buffer_class") == HerReplayBuffer.__name__:
        parameters["replay_buffer_class"] = HerReplayBuffer
    for name, schedule in training.schedules.items():
        if name in CONSTRUCTOR_SCHEDULES:
            parameters[name] = make_schedule(schedule)
    return parameters


def policy_kwargs(architecture: Architecture, policy_class: type[BasePolicy]) -> dict[str, Any]:
    """Turn the `architecture` block into SB3's `policy_kwargs` for a policy."""
    kwargs: dict[str, Any] = dict(architecture.policy_kwargs)
    if architecture.net_arch is not None:
        kwargs["net_arch"] = architecture.net_arch
    if architecture.share_features_extractor is not None:
        kwargs["share_features_extractor"] = architecture.share_features_extractor
    if architecture.features_extractor_class is not None:
        kwargs["features_extractor_class"] = require(
            find_feature_extractor(architecture.features_extractor_class)
        )
        kwargs["features_extractor_kwargs"] = dict(architecture.features_extractor_kwargs)
    activation = require(hidden_activation(architecture, policy_class))
    if activation is not None:
        kwargs["activation_fn"] = activation
    if isinstance(kwargs.get("optimizer_class"), str):
        kwargs["optimizer_class"] = require(find_optimizer(kwargs["optimizer_class"]))
    return kwargs
