"""Creation of the Stable-Baselines3 model that a configuration describes."""

from collections.abc import Mapping
from typing import Any

from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.preprocessing import is_image_space, is_image_space_channels_first
from stable_baselines3.common.torch_layers import CombinedExtractor
from stable_baselines3.common.vec_env import VecEnv, VecTransposeImage

from rl_pipeline.config.architecture import Architecture
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.training import Training
from rl_pipeline.learners.random_state import undisturbed_randomness
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.activation import hidden_activation
from rl_pipeline.learners.sb3.engines import engine_class
from rl_pipeline.learners.sb3.fast.off_policy import FastOffPolicy
from rl_pipeline.learners.sb3.hindsight_replay import HindsightReplayBuffer
from rl_pipeline.learners.sb3.noise import make_action_noise
from rl_pipeline.learners.sb3.off_policy_options import RandomActions, exploring
from rl_pipeline.learners.sb3.parameters import valid_parameters
from rl_pipeline.learners.sb3.registry import Algorithm, find_algorithm
from rl_pipeline.learners.sb3.schedules import make_schedule
from rl_pipeline.models.registry import find_feature_extractor, find_optimizer
from rl_pipeline.models.rotation_head import RotationPolicy

CONSTRUCTOR_SCHEDULES = {"learning_rate", "clip_range", "clip_range_vf", "delta_std"}
"""Parameters for which SB3 accepts a schedule; `scheduled_attributes` handles the others."""
FOR_LEARNING = ("action_noise", "replay_buffer_class", "replay_buffer_kwargs")
"""Parameters that do not affect how a model acts; hindsight replay would need an environment."""


def build_model(training: Training, env: VecEnv, *, seed: int, device: str) -> BaseAlgorithm:
    """Build an untrained model.

    Args:
        training: The `training` section.
        env: Its environment.
        seed: Seeds python, numpy, torch, the action space and the environment.
        device: A torch device.

    Raises:
        ConfigError: The section names something that does not exist.
    """
    algorithm = require(find_algorithm(training.algorithm))
    model_class = engine_class(algorithm, training.engine)
    parameters = constructor_parameters(training, algorithm, env.observation_space, env.action_space)
    policy_class = chosen_policy(training, model_class, parameters)
    if training.off_policy.random_actions:
        model_class = exploring(model_class)
    model = model_class(
        env=env,
        policy_kwargs=policy_kwargs(training.architecture, policy_class, env.observation_space),
        seed=seed,
        device=device,
        **parameters,
    )
    if isinstance(model, FastOffPolicy | RandomActions):
        model.options = training.off_policy
    return model


def build_model_for_acting(
    training: Training, observation_space: spaces.Space[Any], action_space: spaces.Space[Any]
) -> BaseAlgorithm:
    """Build an untrained model on the CPU without an environment and experience, like `load` of SB3.

    Args:
        training: The `training` section.
        observation_space: Observation space of one environment, after all wrappers.
        action_space: Action space of one environment.

    Raises:
        ConfigError: The section names something that does not exist.
    """
    algorithm = require(find_algorithm(training.algorithm))
    parameters = constructor_parameters(training, algorithm, observation_space, action_space)
    policy_class = chosen_policy(training, algorithm.model_class, parameters)
    for name in FOR_LEARNING:
        parameters.pop(name, None)
    model = algorithm.model_class(
        env=None,
        policy_kwargs=policy_kwargs(training.architecture, policy_class, observation_space),
        device="cpu",
        _init_setup_model=False,
        **parameters | _without_experience(algorithm, parameters),
    )
    model.observation_space, model.action_space = _channels_first(observation_space), action_space
    model.n_envs = 1
    with undisturbed_randomness():
        internals.set_up_networks(model)
    return model


def _channels_first(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """Move the channels of images to the front, as SB3 does for an environment."""
    if isinstance(space, spaces.Dict):
        return spaces.Dict([(key, _channels_first(part)) for key, part in space.spaces.items()])
    if isinstance(space, spaces.Box) and is_image_space(space) and not is_image_space_channels_first(space):
        return VecTransposeImage.transpose_space(space)
    return space


def _without_experience(algorithm: Algorithm, parameters: Mapping[str, Any]) -> dict[str, float]:
    """Return values for training parameters that need memory, or that are computed from an environment."""
    valid = valid_parameters(algorithm.model_class)
    values: dict[str, float] = {"buffer_size": 1, "n_steps": 1, "target_entropy": 0.0}
    if "buffer_size" not in valid and "batch_size" in valid:  # PPO warns of rollouts shorter than a batch
        values["n_steps"] = parameters.get("batch_size", valid["batch_size"].default)
    return {name: value for name, value in values.items() if name in valid}


def require(found: Any) -> Any:
    """Return the result of a look-up, or raise the problem that it returned."""
    if isinstance(found, Problem):
        raise ConfigError([found])
    return found


def constructor_parameters(
    training: Training,
    algorithm: Algorithm,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
) -> dict[str, Any]:
    """Convert `algorithm_parameters`, `hindsight_replay` and `schedules` to arguments of the constructor."""
    parameters = dict(training.algorithm_parameters)
    parameters.setdefault("policy", algorithm.policy_for(observation_space))
    if parameters.get("action_noise") is not None:
        assert isinstance(action_space, spaces.Box)
        parameters["action_noise"] = make_action_noise(parameters["action_noise"], action_space.shape)
    if isinstance(parameters.get("train_freq"), list):
        parameters["train_freq"] = tuple(parameters["train_freq"])
    if training.hindsight_replay is not None:
        parameters["replay_buffer_class"] = HindsightReplayBuffer
        parameters["replay_buffer_kwargs"] = training.hindsight_replay.model_dump()
    for name, schedule in training.schedules.items():
        if name in CONSTRUCTOR_SCHEDULES:
            parameters[name] = make_schedule(schedule)
    return parameters


def chosen_policy(
    training: Training, model_class: type[BaseAlgorithm], parameters: dict[str, Any]
) -> type[BasePolicy]:
    """Return the class that the parameter `policy` names, or its subclass with a head for rotations."""
    policy_class = model_class.policy_aliases[parameters["policy"]]
    if training.architecture.rotation_head is not None:
        parameters["policy"] = RotationPolicy
    return policy_class


def policy_kwargs(
    architecture: Architecture, policy_class: type[BasePolicy], observation_space: spaces.Space[Any]
) -> dict[str, Any]:
    """Convert the `architecture` block to SB3's `policy_kwargs` for a policy."""
    kwargs: dict[str, Any] = dict(architecture.policy_kwargs)
    if architecture.net_arch is not None:
        kwargs["net_arch"] = architecture.net_arch
    if architecture.share_features_extractor is not None:
        kwargs["share_features_extractor"] = architecture.share_features_extractor
    if architecture.rotation_head is not None:
        kwargs["rotation_head"] = architecture.rotation_head
        if isinstance(observation_space, spaces.Dict):
            kwargs["features_extractor_class"] = CombinedExtractor
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
