"""Policies of earlier runs as rules for agents of a simulation that are not trained."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.schema import Config
from rl_pipeline.learners.policy_spec import describe_older_policy, signals_of
from rl_pipeline.policies.loading import PolicyNeedsMoreError, make_standalone
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.policy import Policy, PolicyFileError
from rl_pipeline.policies.spec import SPEC, PolicySpec, Signals, describe_signals, read_spec, signals_fit
from rl_pipeline.run.checkpoints import Checkpoint, CheckpointError
from rl_pipeline.run.locate import NotFoundError, choose_checkpoint, find_policy
from rl_pipeline.run.trained_policy import run_of, stored_config
from rl_pipeline.run.trust import require_trust


def policy_rule(name: str, key: str) -> Callable[[spaces.Space, spaces.Space], "PolicyRule"]:
    """Find a policy and return a function that makes a rule from it, given an observation space and an action space.

    Args:
        name: A run, one of its checkpoints, or a `model.zip` in either.
        key: Configuration key of the name.

    Raises:
        ConfigError: The policy does not exist, or its code is not trusted.
    """
    try:
        files = find_policy(name)
        run = run_of(files.model)
        checkpoint = files.checkpoint or choose_checkpoint(run, "model")
    except (NotFoundError, CheckpointError) as error:
        raise ConfigError([Problem(key, str(error), name)]) from error
    config = stored_config(run)
    require_trust(config, run.path)
    return functools.partial(_make_rule, config, checkpoint, key)


def _make_rule(
    config: Config,
    checkpoint: Checkpoint,
    key: str,
    observation_space: spaces.Space,
    action_space: spaces.Space,
) -> "PolicyRule":
    folder = checkpoint.path
    try:
        checkpoint.verify()
        if (folder / SPEC).exists():
            spec = read_spec(folder)
            _check_fit(spec, observation_space, action_space)
        else:
            spec = describe_older_policy(config.environment, observation_space, action_space, folder)
        policy = make_standalone(folder, spec)
    except (CheckpointError, PolicyFileError, PolicyNeedsMoreError) as error:
        raise ConfigError([Problem(key, f"does not fit the behaviour: {error}")]) from error
    keys = list(observation_space.spaces) if isinstance(observation_space, spaces.Dict) else None
    return PolicyRule(policy, keys)


def _check_fit(spec: PolicySpec, observation_space: spaces.Space, action_space: spaces.Space) -> None:
    pairs: dict[str, tuple[Signals, Signals]] = {
        "observation": (spec.observation, signals_of(observation_space)),
        "action": (spec.action, signals_of(action_space)),
    }
    for what, (own, other) in pairs.items():
        if not signals_fit(own, other):
            forms = describe_signals(own), describe_signals(other)
            raise PolicyFileError(f"its {what} is {forms[0]}, that of the behaviour is {forms[1]}")


class PolicyRule:
    """A policy that acts for the agents of a behaviour; each agent has its own memory.

    Args:
        policy: Acts on raw observations.
        keys: Keys of the parts of a Dict observation; None for a plain one.
    """

    def __init__(self, policy: Policy[Any], keys: Sequence[str] | None) -> None:
        self._policy = policy
        self._keys = keys
        self._memories: dict[int, Any] = {}

    def __call__(
        self, observations: list[NDArray[Any]], agents: Sequence[int], ended: Sequence[int]
    ) -> NDArray[Any]:
        """Return the most likely actions.

        Args:
            observations: (agents, *shape) for each part of the observation.
            agents: Identifiers of the agents.
            ended: Identifiers of agents whose episode has ended.

        Returns:
            Actions, (agents, numbers in an action).
        """
        for agent in ended:
            self._memories.pop(agent, None)
        if not self._policy.has_memory:
            return self._act(observations, None, np.ones(len(agents), bool))[0]
        rows = [self._act_of_one(observations, row, agent) for row, agent in enumerate(agents)]
        return np.concatenate(rows)

    def _act_of_one(self, observations: list[NDArray[Any]], row: int, agent: int) -> NDArray[Any]:
        seen = [part[row : row + 1] for part in observations]
        start = np.array([agent not in self._memories])
        actions, self._memories[agent] = self._act(seen, self._memories.get(agent), start)
        return actions

    def _act(
        self, observations: list[NDArray[Any]], memory: Any, episode_starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], Any]:
        seen: Observation = observations[0]
        if self._keys is not None:
            seen = dict(zip(self._keys, observations, strict=True))
        actions, memory = self._policy.act(seen, memory, episode_starts)
        return actions.reshape(len(episode_starts), -1), memory
