"""The algorithms of `training.algorithm`."""

from dataclasses import dataclass
from typing import Literal

import gymnasium
import sb3_contrib
import stable_baselines3
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.preprocessing import is_image_space

from rl_pipeline.class_path import is_class_path, resolve_class
from rl_pipeline.config.errors import ConfigError, Problem, nearest

Family = Literal["on_policy", "off_policy", "evolution"]
KEY = "training.algorithm"
FAMILIES: dict[type[BaseAlgorithm], Family] = {
    OnPolicyAlgorithm: "on_policy",
    OffPolicyAlgorithm: "off_policy",
    sb3_contrib.ARS: "evolution",
}

ANY_ACTION: tuple[type[spaces.Space], ...] = (
    spaces.Box,
    spaces.Discrete,
    spaces.MultiDiscrete,
    spaces.MultiBinary,
)


@dataclass(frozen=True)
class Algorithm:
    """An algorithm of Stable-Baselines3, sb3-contrib or a user.

    Attributes:
        name: Its name in YAML, lower case, or its class path.
        model_class: The class that is trained.
        family: How it alternates acting and learning.
        action_spaces: The action spaces in which it can act.
    """

    name: str
    model_class: type[BaseAlgorithm]
    family: Family
    action_spaces: tuple[type[spaces.Space], ...]

    def policy_for(self, observation_space: gymnasium.Space) -> str:
        """Choose the name of the policy that fits an observation space."""
        if isinstance(observation_space, spaces.Dict):
            kind = "MultiInput"
        else:
            kind = "Cnn" if is_image_space(observation_space) else "Mlp"
        fitting = [name for name in self.model_class.policy_aliases if name.startswith(kind)]
        return fitting[0] if fitting else next(iter(self.model_class.policy_aliases))

    def can_act_in(self, action_space: gymnasium.Space) -> bool:
        """Return whether the algorithm supports an action space."""
        return isinstance(action_space, self.action_spaces)


ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("ppo", stable_baselines3.PPO, "on_policy", ANY_ACTION),
        Algorithm("a2c", stable_baselines3.A2C, "on_policy", ANY_ACTION),
        Algorithm("trpo", sb3_contrib.TRPO, "on_policy", ANY_ACTION),
        Algorithm("recurrentppo", sb3_contrib.RecurrentPPO, "on_policy", ANY_ACTION),
        Algorithm("maskableppo", sb3_contrib.MaskablePPO, "on_policy", ANY_ACTION[1:]),
        Algorithm("sac", stable_baselines3.SAC, "off_policy", (spaces.Box,)),
        Algorithm("td3", stable_baselines3.TD3, "off_policy", (spaces.Box,)),
        Algorithm("ddpg", stable_baselines3.DDPG, "off_policy", (spaces.Box,)),
        Algorithm("tqc", sb3_contrib.TQC, "off_policy", (spaces.Box,)),
        Algorithm("crossq", sb3_contrib.CrossQ, "off_policy", (spaces.Box,)),
        Algorithm("dqn", stable_baselines3.DQN, "off_policy", (spaces.Discrete,)),
        Algorithm("qrdqn", sb3_contrib.QRDQN, "off_policy", (spaces.Discrete,)),
        Algorithm("ars", sb3_contrib.ARS, "evolution", (spaces.Box, spaces.Discrete)),
    )
}


def canonical_name(name: str) -> str:
    """Convert a spelling such as `QR-DQN`, `recurrent_ppo` or `PPO` to the registered form."""
    return "".join(character for character in name.lower() if character.isalnum())


def find_algorithm(name: str) -> Algorithm | Problem:
    """Return the algorithm of a name in any spelling or of a class path, or a problem with the valid names."""
    if is_class_path(name):
        return _find_own(name)
    algorithm = ALGORITHMS.get(canonical_name(name))
    if algorithm is not None:
        return algorithm
    return Problem(
        key=KEY,
        message="unknown algorithm",
        value=name,
        valid=sorted(ALGORITHMS),
        nearest=nearest(canonical_name(name), ALGORITHMS),
        remedy="name one of these, or your own class as path/to/file.py:Class or package.module:Class",
    )


def _find_own(class_path: str) -> Algorithm | Problem:
    """Find a user's subclass of an algorithm; its base classes determine its family and its action spaces."""
    try:
        model_class = resolve_class(class_path, BaseAlgorithm, KEY)  # type: ignore[type-abstract]
    except ConfigError as error:
        return error.problems[0]
    family = next((family for base, family in FAMILIES.items() if issubclass(model_class, base)), None)
    if family is None:
        bases = ", ".join(base.__name__ for base in FAMILIES)
        message = f"{model_class.__name__} must derive from one of {bases}, or be a Learner"
        return Problem(KEY, message, class_path)
    stock = [algorithm for algorithm in ALGORITHMS.values() if issubclass(model_class, algorithm.model_class)]
    nearest_base = max(stock, key=lambda algorithm: len(algorithm.model_class.__mro__), default=None)
    return Algorithm(
        class_path, model_class, family, nearest_base.action_spaces if nearest_base else ANY_ACTION
    )
