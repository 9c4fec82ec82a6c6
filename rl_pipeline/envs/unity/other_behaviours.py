"""Actors for behaviours that are not trained: a trained policy, a rule of the user's, or none."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from gymnasium import spaces

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.unity import PolicyOfRun
from rl_pipeline.envs.unity.behaviour import Behaviour
from rl_pipeline.envs.unity.decode import AgentBatch

OwnRule = Callable[[list[np.ndarray]], np.ndarray]
"""Function from the observations of each sensor, (agents, *shape), to actions, (agents, numbers in an action)."""
Rule = Callable[[list[np.ndarray], Sequence[int], Sequence[int]], np.ndarray]
"""Like `Rule`, with the ids of the agents, which are new in each episode, and of those whose episode ended."""
RuleMaker = Callable[[spaces.Space, spaces.Space], Rule]
"""Makes a rule for an observation space and an action space."""
STILL = "still"
POLICY_RULE = "rl_pipeline.run.policy_rule:policy_rule"
"""A name, not an import: backends do not import learners."""


class OtherBehaviours:
    """The rules of the behaviours that are not trained.

    Args:
        others: `environment.unity.other_behaviours`.

    Raises:
        ConfigError: A rule or a policy does not exist.
    """

    def __init__(self, others: Mapping[str, str | PolicyOfRun]) -> None:
        self._makers = {name: _maker(name, chosen) for name, chosen in others.items() if chosen != STILL}
        self._rules: dict[str, Rule] = {}

    def rule(self, behaviour: Behaviour) -> Rule | None:
        """Return the rule of a behaviour; None if it stays still.

        Raises:
            ConfigError: A policy does not fit the behaviour.
        """
        name = behaviour.name.split("?")[0]
        if name in self._makers and name not in self._rules:
            self._rules[name] = self._makers[name](behaviour.observation_space, behaviour.action_space)
        return self._rules.get(name)


def _maker(behaviour: str, chosen: str | PolicyOfRun) -> RuleMaker:
    key = f"environment.unity.other_behaviours.{behaviour}"
    if isinstance(chosen, PolicyOfRun):
        return _load(POLICY_RULE, key)(chosen.policy, f"{key}.policy")
    own_rule: OwnRule = _load(chosen, key)
    return lambda observation_space, action_space: lambda observations, agents, ended: own_rule(observations)


def _load(path: str, key: str) -> Any:
    location, _, name = path.rpartition(":")
    try:
        return getattr(_module(location), name)
    except (ImportError, AttributeError, OSError, ValueError) as error:
        valid = ["still", "package.module:function", "path/to/file.py:function", "{policy: RUN}"]
        raise ConfigError([Problem(key, f"is not the path of a function ({error})", path, valid)]) from error


def _module(location: str) -> ModuleType:
    if not location.endswith(".py"):
        return import_module(location)
    spec = spec_from_file_location(Path(location).stem, location)
    if spec is None or spec.loader is None:
        raise ImportError(f"{location} is not a Python file")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def act(rule: Rule, batch: AgentBatch, ended: Sequence[int], shape: tuple[int, ...], name: str) -> np.ndarray:
    """Call a rule for the actions of the agents that wait for one.

    Args:
        rule: The rule.
        batch: The agents of a message.
        ended: Ids of the agents whose episode has ended since the last call.
        shape: Shape of an action.
        name: Name of the behaviour.

    Raises:
        ValueError: The shape of the actions is not (agents, *action shape).
    """
    asking = np.flatnonzero(~batch.done)
    observations = [seen[asking] for seen in batch.observations]
    actions = np.asarray(rule(observations, [batch.ids[index] for index in asking], ended))
    expected = (len(asking), *shape)
    if actions.shape != expected:
        raise ValueError(
            f"the rule of behaviour {name} returned actions of shape {actions.shape}, not {expected}"
        )
    return actions
