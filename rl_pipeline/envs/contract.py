"""The contract of all backends, which completes that of `gymnasium.vector.VectorEnv`."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict
from rl_pipeline.wrappers.base import ResetOptions, Seed, reset_mask


@dataclass(frozen=True)
class Interface:
    """Properties of an environment beyond its spaces, for a policy that acts without the environment.

    Attributes:
        rate: Environment steps for each second of the environment's time; None if it has no clock.
        observation_names: Names of the numbers of each part of the observation by key, in row-major order; a plain
            observation has the key `observation`. Parts without names are left out.
        action_names: Names of the numbers of an action; empty if they have none.
        units: Units by name of a number of the observation.
        action_units: Units of the numbers of an action, with an empty text for a number without unit; empty if none
        is known.
        joint_names: The joint that each number of an action drives; empty if they drive none.
        safe_action: An action that is safe at any time; None if none is known.
    """

    rate: float | None = None
    observation_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    action_names: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    action_units: tuple[str, ...] = ()
    joint_names: tuple[str, ...] = ()
    safe_action: tuple[float, ...] | None = None


OPTIONAL_METHODS = ("action_masks", "compute_reward")
"""Methods that a backend overrides if its environments have masks or goals."""


class BackendVectorEnv(VectorEnv, ABC):
    """Base class of the vector environment of every backend.

    A backend implements `reset`, `step`, `state_dict` and `load_state_dict`, and calls `_set_spaces` before its
    first reset. It promises:

    - Autoreset in the same step: if an episode ends, `step` returns the first observation of the next one, and
      `infos["final_obs"]` holds the last observation in the rows that `infos["_final_obs"]` marks.
    - The same seed and actions result in the same trajectory, if the backend's `traits` include `exact_state`.
    - `reset(options={"reset_mask": mask})` resets only the marked environments; the others continue.
    - An environment that was lost and restarted reports its episode as truncated, with reward 0 and the last
      known observation; its seed is `seed_after_restart`.
    - The results of `step` belong to the caller; the next step does not overwrite them.
    """

    def _set_spaces(
        self,
        num_envs: int,
        observation_space: spaces.Space,
        action_space: spaces.Space,
        metadata: Mapping[str, object],
    ) -> None:
        """Set the spaces of one environment and of the batch.

        Args:
            num_envs: Number of environments.
            observation_space: Observation space of one environment.
            action_space: Action space of one environment.
            metadata: As in Gymnasium, without the autoreset mode.
        """
        self.num_envs = num_envs
        self.metadata = {**metadata, "autoreset_mode": AutoresetMode.SAME_STEP}
        self.single_observation_space = observation_space
        self.single_action_space = action_space
        self.observation_space = batch_space(observation_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)

    @property
    def label(self) -> str:
        """Name of these environments in messages."""
        return type(self).__name__

    @property
    def interface(self) -> Interface:
        """Properties of the environments beyond their spaces."""
        return Interface()

    def expand_seed(self, seed: Seed) -> list[int | None]:
        """Return one seed for each environment, None if its generator continues.

        Raises:
            ValueError: A sequence has another length.
        """
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer):
            return list(range(int(seed), int(seed) + self.num_envs))
        if len(seed) != self.num_envs:
            raise ValueError(f"{len(seed)} seeds were given for {self.num_envs} environments")
        return list(seed)

    def split_options(self, options: ResetOptions) -> tuple[dict[str, Any] | None, NDArray[np.bool_]]:
        """Return the options of a reset without `reset_mask`, and the mask, bool (num_envs,).

        Raises:
            ValueError: The mask is of another type or shape.
        """
        others = {name: value for name, value in (options or {}).items() if name != "reset_mask"}
        return others or None, reset_mask(options, self.num_envs)

    def check_actions(self, actions: object) -> np.ndarray:
        """Return actions as an array of unchanged precision.

        Raises:
            ValueError: The shape is wrong.
        """
        array = np.asarray(actions)
        if array.shape != self.action_space.shape:
            expected = f"{self.action_space.shape} of {self.num_envs} environments"
            raise ValueError(f"actions have shape {array.shape}, {self.label} needs {expected}")
        return array

    def call_on(self, indices: Sequence[int], name: str, *args: object, **kwargs: object) -> list[Any]:
        """Call a method, or read an attribute, of some environments.

        A backend without an object for each environment uses its own attribute for all of them.

        Args:
            indices: Indices of the environments.
            name: The method or attribute.
            *args: Arguments of the method.
            **kwargs: Keyword arguments of the method.

        Raises:
            AttributeError: The environments do not have the attribute.
        """
        value = getattr(self, name)
        return [value(*args, **kwargs) if callable(value) else value] * len(indices)

    def call(self, name: str, *args: object, **kwargs: object) -> tuple[Any, ...]:
        """Call a method, or read an attribute, of every environment; `render` returns the result of `render()`."""
        if name == "render":
            return tuple(self.render() or (None,))
        return tuple(self.call_on(range(self.num_envs), name, *args, **kwargs))

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Read an attribute of every environment; a method is returned, not called."""
        return (getattr(self, name),) * self.num_envs

    def has_attr(self, name: str) -> bool:
        """Return whether every environment has an attribute or method of this name; it is not called."""
        if name in OPTIONAL_METHODS:
            return getattr(type(self), name) is not getattr(BackendVectorEnv, name)
        return hasattr(self, name)

    def set_attr(self, name: str, values: object) -> None:
        """Set an attribute of every environment.

        Args:
            name: The attribute.
            values: One value for all, or a list or tuple with one for each.

        Raises:
            AttributeError: The backend does not support setting attributes.
        """
        raise AttributeError(f"{self.label} does not let '{name}' be set")

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the masks of the currently allowed actions, (num_envs, choices of all branches).

        Raises:
            AttributeError: The environments have no action masks.
        """
        raise AttributeError(f"{self.label} has no action masks")

    def shared_state(self) -> StateDict:
        """Return the shared, changing state of all environments, such as the stage of a curriculum.

        By default, it is empty. A checkpoint stores it beside the policy.
        """
        return {}

    def follow(self, shared: StateDict) -> None:
        """Evaluate with the `shared_state` of a training."""

    def compute_reward(
        self, achieved_goal: np.ndarray, desired_goal: np.ndarray, infos: object
    ) -> NDArray[np.float64]:
        """Return the rewards of a goal environment for a batch of goals, for hindsight replay.

        Args:
            achieved_goal: (batch, ...).
            desired_goal: (batch, ...).
            infos: One mapping for each row.

        Returns:
            (batch,).

        Raises:
            AttributeError: The environments have no goals.
        """
        raise AttributeError(f"{self.label} has no goals, so its rewards cannot be recomputed")

    @abstractmethod
    def state_dict(self) -> StateDict:
        """Return the complete state of the environments as plain data.

        If a backend cannot save all of it, the entry `exact` is False.
        """

    @abstractmethod
    def load_state_dict(self, state: StateDict) -> None:
        """Continue from a state of `state_dict`; episodes that cannot be continued end as truncated.

        Raises:
            ValueError: The state is of other environments.
        """


def seed_after_restart(seed: int | None, index: int, restarts: int) -> int:
    """Return the seed of an environment that was lost and restarted, derived from the run's seed.

    Args:
        seed: The environment's last seed, None if it had none.
        index: The environment.
        restarts: Number of restarts of environments, including this one.

    Returns:
        A number below 2**31, the range of Unity's seeds.
    """
    entropy = (restarts, index if seed is None else seed)
    return int(np.random.SeedSequence(entropy).generate_state(1)[0] >> 1)


def share_rows(num_envs: int, n_parts: int) -> list[slice]:
    """Divide environments among programs, in order."""
    bounds = np.linspace(0, num_envs, n_parts + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in itertools.pairwise(bounds)]


def base_env(env: VectorEnv) -> BackendVectorEnv:
    """Return the environment below all wrappers.

    Raises:
        TypeError: The environment is not a `BackendVectorEnv`.
    """
    base = env.unwrapped
    if not isinstance(base, BackendVectorEnv):
        raise TypeError(f"{type(base).__name__} is not a BackendVectorEnv; make it with make_vector_env")
    return base
