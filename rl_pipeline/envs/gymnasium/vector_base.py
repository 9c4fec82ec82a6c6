"""Base of vector environments made of `gymnasium.Env` objects."""

import copy
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.contract import BackendVectorEnv, Interface
from rl_pipeline.envs.gymnasium.buffers import StepBuffers
from rl_pipeline.envs.gymnasium.description import GroupDescription
from rl_pipeline.envs.gymnasium.state import capture_random_state, restore_random_state
from rl_pipeline.plain_data import StateDict

SPACES = ("single_observation_space", "single_action_space", "observation_space", "action_space")


class EnvListVectorEnv(BackendVectorEnv):
    """Base of `InProcessVectorEnv` and `WorkerVectorEnv`: spaces, seeds and the frame of the state.

    Attributes:
        wrapper_names: `module.Class` of the wrappers of the sub-environments and of the wrappers' bases.
    """

    wrapper_names: frozenset[str]
    _buffers: StepBuffers

    def _describe(self, description: GroupDescription, n: int) -> None:
        self.name = description.name
        self.spec = description.spec
        self.render_mode = description.render_mode
        self.wrapper_names = description.wrappers
        self._interface = description.interface
        observation_space, action_space = copy.deepcopy(
            (description.observation_space, description.action_space)
        )
        self._set_spaces(n, observation_space, action_space, description.metadata)

    @property
    def label(self) -> str:
        """Id of the environments."""
        return self.name

    @property
    def interface(self) -> Interface:
        """Properties beyond the spaces, from the usual attributes of the environment."""
        return self._interface

    def _values(self, values: object) -> list[Any]:
        if not isinstance(values, list | tuple):
            return [values] * self.num_envs
        if len(values) != self.num_envs:
            raise ValueError(f"{len(values)} values were given for {self.num_envs} environments")
        return list(values)

    @abstractmethod
    def call_on(self, indices: Sequence[int], name: str, *args: object, **kwargs: object) -> list[Any]:
        """Call a method, or read an attribute, of some sub-environments or their wrappers."""

    def check_actions(self, actions: object) -> np.ndarray:
        """Return actions in the dtype of the action space, in which sub-environments expect them."""
        return super().check_actions(actions).astype(self.action_space.dtype, copy=False)

    def has_attr(self, name: str) -> bool:
        """Return whether every sub-environment, or a wrapper of it, has an attribute of this name."""
        return all(self.call("has_wrapper_attr", name))

    def action_masks(self) -> NDArray[np.bool_]:
        """See `BackendVectorEnv`; asks every sub-environment."""
        return np.stack(self.call("action_masks"))

    def compute_reward(
        self, achieved_goal: np.ndarray, desired_goal: np.ndarray, infos: object
    ) -> NDArray[np.float64]:
        """See `BackendVectorEnv`; asks the first sub-environment, since all are alike."""
        return self.call_on([0], "compute_reward", achieved_goal, desired_goal, infos)[0]

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Read an attribute of every sub-environment; a method is returned, not called."""
        return self.call("get_wrapper_attr", name)

    def _state(self, states: list[StateDict]) -> StateDict:
        return {
            "exact": all(state["exact"] for state in states),
            "inexact": sorted({name for state in states for name in state["inexact"]}),
            "environments": states,
            "observations": [array.copy() for array in self._buffers.observations.arrays],
            "spaces": {name: capture_random_state(getattr(self, name)) for name in SPACES},
        }

    def _load_batch(self, state: StateDict) -> None:
        count = len(state["environments"])
        if count != self.num_envs:
            raise ValueError(
                f"the state has {count} environments of {self.name}, but this batch has {self.num_envs}"
            )
        self._buffers.observations.assign(state["observations"])
        for name in SPACES:
            restore_random_state(getattr(self, name), state["spaces"][name])

    def _warn_inexact(self, inexact: Sequence[str]) -> None:
        if inexact:
            names = ", ".join(sorted(set(inexact)))
            message = f"{self.name} was not restored exactly and starts new episodes: {names} cannot be saved"
            warnings.warn(message, RuntimeWarning, stacklevel=3)
