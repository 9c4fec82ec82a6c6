"""Adapter of a vector environment to Stable-Baselines3's VecEnv."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from rl_pipeline.envs.batch import ARRAY_SPACES
from rl_pipeline.envs.contract import base_env
from rl_pipeline.learners.sb3.faults import FaultFinder
from rl_pipeline.wrappers.build import iterate_wrappers
from rl_pipeline.wrappers.episode_statistics import EpisodeStatistics
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation

SUCCESS = "is_success"
"""The metric that SB3 averages into a success rate."""


class SB3Adapter(VecEnv):
    """Adapts a `gymnasium.vector.VectorEnv` with same-step autoreset to Stable-Baselines3.

    Info dicts of environments whose episode continues are empty and shared between steps, which makes a step fast;
    those of finished episodes contain `terminal_observation`, `TimeLimit.truncated`, and `episode` and `is_success`
    if the environment reports them.

    Args:
        env: the vector environment with its wrappers.
        info_keys: metrics in the info dicts of every step, such as those that `compute_reward` of a goal
            environment reads.

    Attributes:
        env: the vector environment with its wrappers.
        last_obs: the last observations that SB3 received.
        last_rewards: the last rewards, (n,) float64.
        raw_final_obs_of: the normaliser whose raw final observations become `terminal_observation`, for learners
            that store raw data; None passes on the final observations of the environment.
        faults: detects the first environment that returned NaN or infinity.

    Raises:
        TypeError: the observation space is a nested Dict, a Tuple or not an array.
    """

    def __init__(self, env: VectorEnv, info_keys: Sequence[str] = ()) -> None:
        check_observation_space(env.single_observation_space)
        self.env = env
        self.info_keys = tuple(info_keys)
        self.last_obs: Any = None
        self.last_rewards = np.zeros(env.num_envs)
        self.raw_final_obs_of: NormalizeObservation | None = None
        self.faults = FaultFinder(env)
        self._actions: np.ndarray
        self._empty_infos: list[dict[str, object]] = [{} for _ in range(env.num_envs)]
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    def reset(self) -> Any:
        """Start new episodes in all environments, with the seeds of `seed` and the options of `set_options`."""
        seeds = None if all(seed is None for seed in self._seeds) else self._seeds
        if any(options != self._options[0] for options in self._options):
            raise ValueError(
                "options that differ between environments are not supported; pass one dict for all"
            )
        self.last_obs, _ = self.env.reset(seed=seeds, options=self._options[0] or None)  # type: ignore[arg-type]
        self._reset_seeds()
        self._reset_options()
        return self.last_obs

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions (n, *action shape) for `step_wait`."""
        self._actions = np.asarray(actions, dtype=self.action_space.dtype)

    def step_wait(self) -> tuple[Any, np.ndarray, np.ndarray, list[dict[str, object]]]:
        """Step all environments and return observations, rewards (float32), dones and one info dict for each."""
        self.last_obs, self.last_rewards, terminated, truncated, infos = self.env.step(self._actions)
        self.faults.look(self.last_obs, self.last_rewards)
        dones = terminated | truncated
        finished = np.flatnonzero(dones).tolist()
        env_infos = self._empty_infos
        if self.info_keys:
            env_infos = [self._metrics(infos, index, self.info_keys) for index in range(self.num_envs)]
        elif finished:
            env_infos = env_infos.copy()
        for index in finished:
            env_infos[index] = env_infos[index] | self._final_info(infos, index, terminated, truncated)
        return self.last_obs, self.last_rewards.astype(np.float32), dones, env_infos

    def _final_info(
        self, infos: dict[str, Any], index: int, terminated: np.ndarray, truncated: np.ndarray
    ) -> dict[str, object]:
        info = {
            "terminal_observation": _row(self._final_obs(infos), index),
            "TimeLimit.truncated": bool(truncated[index] and not terminated[index]),
            **self._metrics(infos, index, (SUCCESS,)),
        }
        if "episode" in infos and infos["_episode"][index]:
            info["episode"] = {key: values[index].item() for key, values in infos["episode"].items()}
        return info

    def _final_obs(self, infos: dict[str, object]) -> object:
        if self.raw_final_obs_of is None:
            return infos["final_obs"]
        return self.raw_final_obs_of.raw_final_obs

    @staticmethod
    def _metrics(infos: dict[str, Any], index: int, keys: Sequence[str]) -> dict[str, object]:
        return {key: infos[key][index].item() for key in keys if key in infos and infos["_" + key][index]}

    def close(self) -> None:
        """Close the vector environment."""
        self.env.close()

    def has_attr(self, attr_name: str) -> bool:
        """Return whether every sub-environment has an attribute or method, without calling it."""
        return base_env(self.env).has_attr(attr_name)

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[object]:
        """Read an attribute of sub-environments."""
        if attr_name == "render_mode":
            return [self.env.render_mode for _ in self._indices(indices)]
        values = base_env(self.env).get_attr(attr_name)
        return [values[index] for index in self._indices(indices)]

    def set_attr(self, attr_name: str, value: object, indices: VecEnvIndices = None) -> None:
        """Set an attribute of sub-environments."""
        chosen = self._indices(indices)
        if len(chosen) == self.num_envs:
            values = [value] * self.num_envs
        else:
            values = [value if i in chosen else old for i, old in enumerate(self.get_attr(attr_name))]
        base_env(self.env).set_attr(attr_name, values)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[object]:
        """Call a method of sub-environments.

        `action_masks` and `compute_reward`, which the contract defines for the whole batch, are called there.
        """
        base, chosen = base_env(self.env), self._indices(indices)
        if method_name == "action_masks":
            masks = base.action_masks()
            return [masks[index] for index in chosen]
        if method_name == "compute_reward":
            return [base.compute_reward(*method_args, **method_kwargs)] * len(chosen)
        return base.call_on(chosen, method_name, *method_args, **method_kwargs)

    def env_is_wrapped(
        self, wrapper_class: type[gymnasium.Wrapper], indices: VecEnvIndices = None
    ) -> list[bool]:
        """Return whether each sub-environment is inside a wrapper; episode statistics count as SB3's Monitor."""
        layers = list(iterate_wrappers(self.env))
        name = f"{wrapper_class.__module__}.{wrapper_class.__qualname__}"
        wrapped = any(isinstance(layer, wrapper_class) for layer in layers)
        wrapped = wrapped or name in getattr(self.env.unwrapped, "wrapper_names", ())
        if wrapper_class is Monitor:
            wrapped = wrapped or any(isinstance(layer, EpisodeStatistics) for layer in layers)
        return [wrapped for _ in self._indices(indices)]

    def render(self, mode: str | None = None) -> np.ndarray | None:
        """Return the frame of environment 0, (height, width, 3) uint8; None if it has none."""
        images = self.get_images()
        return images[0] if images else None

    def get_images(self) -> Sequence[np.ndarray | None]:
        """Return the frame of environment 0, the only one that can be rendered."""
        frames = self.env.render()
        return [np.asarray(frame) for frame in frames or () if frame is not None]

    def _indices(self, indices: VecEnvIndices) -> list[int]:
        return [int(index) for index in self._get_indices(indices)]


def check_observation_space(space: spaces.Space) -> None:
    """Refuse observation spaces that SB3's buffers and policies cannot hold.

    Raises:
        TypeError: the space is a nested Dict, a Tuple or not an array.
    """
    parts = space.spaces.items() if isinstance(space, spaces.Dict) else [("observation", space)]
    for name, part in parts:
        if not isinstance(part, ARRAY_SPACES):
            valid = ", ".join(kind.__name__ for kind in ARRAY_SPACES)
            raise TypeError(
                f"Stable-Baselines3 cannot use the part '{name}' of the observation space, {part}; valid are {valid} "
                "and a Dict of these, not nested. Flatten it with gymnasium.wrappers.FlattenObservation"
            )


def _row(observations: Any, index: int) -> object:
    if isinstance(observations, dict):
        return {key: values[index] for key, values in observations.items()}
    return observations[index]
