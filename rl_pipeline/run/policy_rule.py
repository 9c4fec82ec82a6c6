"""Lets the policy of an earlier run act for agents of a simulation that are not trained themselves."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.schema import Config
from rl_pipeline.envs.contract import BackendVectorEnv
from rl_pipeline.learners.random_state import undisturbed_randomness
from rl_pipeline.run.checkpoints import Checkpoint, CheckpointError
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import NotFoundError, choose_checkpoint, find_policy
from rl_pipeline.run.trained_policy import TrainedPolicy, acting_learner, stored_config
from rl_pipeline.run.trust import require_trust
from rl_pipeline.wrappers.build import find_wrapper, wrap
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation

Rule = Callable[[list[NDArray[Any]]], NDArray[Any]]


def policy_rule(name: str, key: str) -> Callable[[spaces.Space, spaces.Space], Rule]:
    """Find a policy and return what makes a rule of it for an observation space and an action space.

    The rule gets a list of observations, (agents, *shape) for each part of the space, and returns the most likely
    actions, (agents, numbers in an action).

    Args:
        name: A run, one of its checkpoints, or a `model.zip` in either.
        key: Where the name stands in the configuration.

    Raises:
        ConfigError: There is none, it needs more than observations to act, or its code is not trusted.
    """
    try:
        run, checkpoint = _find(name)
    except (NotFoundError, CheckpointError) as error:
        raise ConfigError([Problem(key, str(error), name)]) from error
    config = stored_config(run)
    require_trust(config, run.path)
    if config.environment.wrappers or "recurrent" in config.training.algorithm.lower():
        message = "the policy remembers, or its run has wrappers; here it sees one observation at a time"
        remedy = "name a run without environment.wrappers, of an algorithm that is not recurrent"
        raise ConfigError([Problem(key, message, name, remedy=remedy)])
    return functools.partial(_make_rule, config, checkpoint, key)


def _find(name: str) -> tuple[RunFolder, Checkpoint]:
    files = find_policy(name)
    folder = next((one for one in files.model.resolve().parents if (one / "config.yaml").is_file()), None)
    if folder is None:
        raise NotFoundError(
            f"{files.model} lies in no run's folder, whose config.yaml says what its networks are"
        )
    run = RunFolder(folder)
    return run, files.checkpoint or choose_checkpoint(run, "model")


def _make_rule(
    config: Config,
    checkpoint: Checkpoint,
    key: str,
    observation_space: spaces.Space,
    action_space: spaces.Space,
) -> Rule:
    env = wrap(_Spaces(observation_space, action_space), config.environment, training=False)
    with undisturbed_randomness():
        policy = TrainedPolicy(config, acting_learner(config, env), env)
    try:
        policy.load(checkpoint)
    except CheckpointError as error:
        raise ConfigError([Problem(key, f"does not fit the behaviour: {error}")]) from error
    names = list(observation_space.spaces) if isinstance(observation_space, spaces.Dict) else None
    normalizer = find_wrapper(env, NormalizeObservation)

    def rule(observations: list[NDArray[Any]]) -> NDArray[Any]:
        seen: Any = observations[0] if names is None else dict(zip(names, observations, strict=True))
        if normalizer is not None:
            seen = normalizer.normalize(seen)
        starts = np.ones(len(observations[0]), dtype=bool)
        actions, _ = policy.policy.act(seen, None, starts)
        return actions.reshape(len(observations[0]), -1)

    return rule


class _Spaces(BackendVectorEnv):
    """Nothing but spaces, where an environment is asked for that is never stepped."""

    def __init__(self, observation_space: spaces.Space, action_space: spaces.Space) -> None:
        self._set_spaces(1, observation_space, action_space, {})

    def state_dict(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore nothing."""
