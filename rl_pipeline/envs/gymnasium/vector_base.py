"""What vector environments made of `gymnasium.Env` objects have in common."""

import copy
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from rl_pipeline.envs.gymnasium.buffers import StepBuffers
from rl_pipeline.envs.gymnasium.description import GroupDescription
from rl_pipeline.envs.gymnasium.state import capture_random_state, restore_random_state

SPACES = ("single_observation_space", "single_action_space", "observation_space", "action_space")


class EnvListVectorEnv(VectorEnv):
    """Base of `InProcessVectorEnv` and `WorkerVectorEnv`: spaces, seeds and the frame of the state.

    Attributes:
        wrapper_names: `module.Class` of the wrappers of the sub-environments and of the wrappers' bases.
    """

    wrapper_names: frozenset[str]
    _buffers: StepBuffers

    def _describe(self, description: GroupDescription, n: int) -> None:
        self.num_envs = n
        self.name = description.name
        self.spec = description.spec
        self.metadata = {**description.metadata, "autoreset_mode": AutoresetMode.SAME_STEP}
        self.render_mode = description.render_mode
        self.wrapper_names = description.wrappers
        self.single_observation_space = copy.deepcopy(description.observation_space)
        self.single_action_space = copy.deepcopy(description.action_space)
        self.observation_space = batch_space(self.single_observation_space, n)
        self.action_space = batch_space(self.single_action_space, n)

    def _actions(self, actions: Any) -> np.ndarray:
        actions = np.asarray(actions, dtype=self.action_space.dtype)
        if actions.shape != self.action_space.shape:
            expected = f"{self.action_space.shape} of {self.num_envs} environments"
            raise ValueError(f"actions have shape {actions.shape}, {self.name} needs {expected}")
        return actions

    def _seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer):
            return [int(seed) + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"{len(seed)} seeds were given for {self.num_envs} environments")
        return list(seed)

    def _reset_mask(self, options: dict[str, Any] | None) -> tuple[dict[str, Any] | None, np.ndarray]:
        """Take the option `reset_mask`, which says what environments are to be reset, out of the others."""
        options = dict(options or {})
        mask = np.asarray(options.pop("reset_mask", np.ones(self.num_envs, dtype=bool)))
        if mask.shape != (self.num_envs,) or mask.dtype != bool:
            found = f"{mask.dtype} {mask.shape}"
            raise ValueError(f"reset_mask must be bool ({self.num_envs},), one per environment, not {found}")
        return options or None, mask

    def _values(self, values: Any) -> list[Any]:
        if not isinstance(values, list | tuple):
            return [values] * self.num_envs
        if len(values) != self.num_envs:
            raise ValueError(f"{len(values)} values were given for {self.num_envs} environments")
        return list(values)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method, or read an attribute, of every sub-environment.

        Raises:
            AttributeError: a sub-environment has nothing of that name.
        """
        return tuple(self.call_on(range(self.num_envs), name, *args, **kwargs))

    def call_on(self, indices: Sequence[int], name: str, *args: Any, **kwargs: Any) -> list[Any]:
        """Do the same as `call` for some of the sub-environments, in the order of `indices`."""
        raise NotImplementedError

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Read an attribute of every sub-environment; a method is returned, not called."""
        return self.call("get_wrapper_attr", name)

    def _state(self, states: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "exact": all(state["exact"] for state in states),
            "inexact": sorted({name for state in states for name in state["inexact"]}),
            "environments": states,
            "observations": [array.copy() for array in self._buffers.observations.arrays],
            "spaces": {name: capture_random_state(getattr(self, name)) for name in SPACES},
        }

    def _load_batch(self, state: dict[str, Any]) -> None:
        count = len(state["environments"])
        if count != self.num_envs:
            raise ValueError(f"the state holds {count} environments of {self.name}, here are {self.num_envs}")
        self._buffers.observations.assign(state["observations"])
        for name in SPACES:
            restore_random_state(getattr(self, name), state["spaces"][name])

    def _warn_inexact(self, inexact: Sequence[str]) -> None:
        if inexact:
            names = ", ".join(sorted(set(inexact)))
            message = f"{self.name} was not restored exactly, it starts new episodes: {names} cannot be saved"
            warnings.warn(message, RuntimeWarning, stacklevel=3)
