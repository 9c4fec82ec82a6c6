"""Hindsight experience replay (Andrychowicz et al. 2017, arXiv:1707.01495) over arrays."""

import copy
from typing import Any, Literal

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.type_aliases import DictReplayBufferSamples
from stable_baselines3.common.vec_env import VecEnv, VecNormalize
from stable_baselines3.her.goal_selection_strategy import KEY_TO_GOAL_STRATEGY
from stable_baselines3.her.her_replay_buffer import HerReplayBuffer

from rl_pipeline.errors import CommandFailedError
from rl_pipeline.learners.sb3.transition_table import Part, TransitionTable

NEXT = "next "
Rows = NDArray[np.integer]
Observations = dict[str, np.ndarray]


class NoEpisodeError(CommandFailedError):
    """Raised when the buffer contains no finished episode."""


class HindsightReplayBuffer(HerReplayBuffer):
    """Samples like SB3's `HerReplayBuffer`, with only a few array operations.

    The arrays have SB3's names, shapes and meanings, but are stored in one table. Only transitions of finished
    episodes are sampled. An episode whose start is overwritten is dropped as a whole; of an episode longer than the
    buffer, the end is kept. Random numbers come from NumPy's global generator, but differ from SB3's.

    Args:
        buffer_size: Transitions of all environments together.
        observation_space: A Dict with `observation`, `achieved_goal` and `desired_goal`.
        action_space: Action space of one environment.
        env: Computes the rewards of goals.
        device: Device of minibatches.
        n_envs: Number of environments.
        optimize_memory_usage: Not supported, as in SB3.
        handle_timeout_termination: Whether ends by a time limit do not count as ends.
        n_sampled_goal: Transitions with a goal that was reached for each one with the desired goal.
        goal_selection_strategy: Choice of such a goal: `future`, `final` or `episode`.
        copy_info_dict: Whether `compute_reward` gets the `info` of a step; otherwise, it gets empty mappings.

    Attributes:
        unfinished: Steps of each environment's running episode, (n_envs,).
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Dict,
        action_space: spaces.Space,
        env: VecEnv,
        device: torch.device | str = "auto",
        n_envs: int = 1,
        optimize_memory_usage: bool = False,
        handle_timeout_termination: bool = True,
        n_sampled_goal: int = 4,
        goal_selection_strategy: Literal["future", "final", "episode"] = "future",
        copy_info_dict: bool = False,
    ) -> None:
        assert not optimize_memory_usage, "observations with goals cannot be stored once for two steps"
        super(ReplayBuffer, self).__init__(
            buffer_size, observation_space, action_space, device, n_envs=n_envs
        )
        self.buffer_size = max(buffer_size // n_envs, 1)
        self.optimize_memory_usage = False
        self.handle_timeout_termination = handle_timeout_termination
        self.env = env
        self.n_sampled_goal = n_sampled_goal
        self.her_ratio = 1 - 1 / (n_sampled_goal + 1)
        self.goal_selection_strategy = KEY_TO_GOAL_STRATEGY[goal_selection_strategy]
        self.copy_info_dict = copy_info_dict
        self._allocate(observation_space, action_space)
        self.unfinished = np.zeros(n_envs, np.int64)
        self._n_valid = 0

    def _allocate(self, observation_space: spaces.Dict, action_space: spaces.Space) -> None:
        size = self.buffer_size, self.n_envs
        observed = {
            key: Part(shape, np.dtype(observation_space[key].dtype)) for key, shape in self.obs_shape.items()
        }
        numbers = dict.fromkeys(("rewards", "dones", "timeouts"), Part((), np.float32))
        action = Part((self.action_dim,), np.dtype(self._maybe_cast_dtype(action_space.dtype)))
        following = {NEXT + key: part for key, part in observed.items()}
        self._table = TransitionTable(*size, {**observed, **following, "actions": action, **numbers})
        self.observations = {key: self._table.view(key) for key in observed}
        self.next_observations = {key: self._table.view(NEXT + key) for key in observed}
        self.actions, self.rewards, self.dones, self.timeouts = map(self._table.view, ("actions", *numbers))
        self.ep_start, self.ep_length = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.infos = np.empty(size if self.copy_info_dict else (0, 0), object)

    def add(  # type: ignore[override]
        self,
        obs: Observations,
        next_obs: Observations,
        action: np.ndarray,
        reward: np.ndarray,
        done: np.ndarray,
        infos: list[dict[str, Any]],
    ) -> None:
        """Store a step of all environments."""
        for index in np.flatnonzero(self.ep_length[self.pos]).tolist():
            self._drop_episode(index)
        for key in self.observations:
            self.observations[key][self.pos] = np.reshape(obs[key], self.observations[key][0].shape)
            self.next_observations[key][self.pos] = np.reshape(next_obs[key], self.observations[key][0].shape)
        self.actions[self.pos] = action.reshape(self.n_envs, self.action_dim)
        self.rewards[self.pos], self.dones[self.pos], self.timeouts[self.pos] = reward, done, 0
        finished = np.flatnonzero(done).tolist()
        if self.handle_timeout_termination:
            for index in finished:
                self.timeouts[self.pos, index] = infos[index].get("TimeLimit.truncated", False)
        if self.copy_info_dict:
            self.infos[self.pos] = infos
        self.pos += 1
        if self.pos == self.buffer_size:
            self.full, self.pos = True, 0
        self.unfinished += 1
        for index in finished:
            self._compute_episode_length(index)

    def _drop_episode(self, index: int) -> None:
        """Drop the rest of an episode whose oldest step is about to be overwritten."""
        begun = (self.pos - self.ep_start[self.pos, index]) % self.buffer_size
        left = self.ep_length[self.pos, index] - begun
        self.ep_length[(self.pos + np.arange(left)) % self.buffer_size, index] = 0
        self._n_valid -= int(left)

    def _compute_episode_length(self, env_idx: int) -> None:
        """Allow sampling of the episode that ends with the newest step."""
        length = min(int(self.unfinished[env_idx]), self.buffer_size)
        start = (self.pos - length) % self.buffer_size
        steps = (start + np.arange(length)) % self.buffer_size
        self.ep_start[steps, env_idx], self.ep_length[steps, env_idx] = start, length
        self.unfinished[env_idx] = 0
        self._n_valid += length

    def truncate_last_trajectory(self) -> None:
        """End the running episodes as if by a time limit, since new episodes begin."""
        for index in np.flatnonzero(self.unfinished).tolist():
            self.dones[self.pos - 1, index] = True
            self.timeouts[self.pos - 1, index] = self.handle_timeout_termination
            self._compute_episode_length(index)

    def sample(  # type: ignore[override]
        self, batch_size: int, env: VecNormalize | None = None
    ) -> DictReplayBufferSamples:
        """Draw a minibatch; the transitions with goals that were reached come last.

        Raises:
            NoEpisodeError: No episode has ended.
        """
        rows = self.draw_rows(batch_size)
        n_relabelled = int(self.her_ratio * batch_size)
        return self.transitions(rows, self.draw_goals(rows[batch_size - n_relabelled :]), env)

    def draw_rows(self, number: int) -> Rows:
        """Draw transitions of finished episodes, each with the same probability.

        Raises:
            NoEpisodeError: No episode has ended.
        """
        if not self._n_valid:
            raise NoEpisodeError(
                "training.hindsight_replay learns from finished episodes, but none has ended in "
                f"{int(self.unfinished.max())} steps; raise training.algorithm_parameters.learning_starts above "
                f"the longest episode x {self.n_envs} environments, or end episodes by a time_limit in "
                "environment.wrappers"
            )
        lengths = self.ep_length.reshape(-1)
        n_rows = (self.buffer_size if self.full else self.pos) * self.n_envs
        if 2 * self._n_valid < n_rows:
            return np.random.choice(np.flatnonzero(lengths), number)
        rows = np.random.randint(0, n_rows, number)
        while len(refused := np.flatnonzero(lengths[rows] == 0)):
            rows[refused] = np.random.randint(0, n_rows, len(refused))
        return rows

    def draw_goals(self, rows: Rows) -> Rows:
        """Draw the transitions of the same episodes whose goals replace the desired ones."""
        steps, indices = np.divmod(rows, self.n_envs)
        starts, lengths = self.ep_start.reshape(-1)[rows], self.ep_length.reshape(-1)[rows]
        if self.goal_selection_strategy is KEY_TO_GOAL_STRATEGY["final"]:
            chosen = lengths - 1
        else:
            is_future = self.goal_selection_strategy is KEY_TO_GOAL_STRATEGY["future"]
            first = (steps - starts) % self.buffer_size if is_future else np.zeros_like(steps)
            chosen = first + (np.random.random_sample(len(rows)) * (lengths - first)).astype(np.int64)
        return (starts + chosen) % self.buffer_size * self.n_envs + indices

    def transitions(
        self, rows: Rows, goal_rows: Rows, env: VecNormalize | None = None
    ) -> DictReplayBufferSamples:
        """Return transitions; the last ones with the goals that other transitions reached.

        Args:
            rows: The transitions, (n,).
            goal_rows: Transitions whose next achieved goals replace the desired goals of the last rows, (m,).
            env: Normalises observations and rewards.
        """
        values = self._table.read(rows)
        observations = {key: values[key] for key in self.observations}
        following = {key: values[NEXT + key] for key in self.observations}
        rewards = values["rewards"].reshape(-1, 1)
        if len(goal_rows):
            relabelled = slice(len(rows) - len(goal_rows), None)
            goals = self._table.read_one(NEXT + "achieved_goal", goal_rows)
            observations["desired_goal"][relabelled] = following["desired_goal"][relabelled] = goals
            achieved = following["achieved_goal"][relabelled]
            rewards[relabelled, 0] = self._compute_rewards(achieved, goals, rows[relabelled])
        ends = values["dones"] * (1 - values["timeouts"])
        return DictReplayBufferSamples(
            observations=self._tensors(self._normalize_obs(observations, env)),
            actions=self.to_torch(values["actions"], copy=False),
            next_observations=self._tensors(self._normalize_obs(following, env)),
            dones=self.to_torch(ends.reshape(-1, 1), copy=False),
            rewards=self.to_torch(self._normalize_reward(rewards, env), copy=False),
        )

    def _compute_rewards(self, achieved: np.ndarray, goals: np.ndarray, rows: Rows) -> np.ndarray:
        assert self.env is not None
        infos: Any = [{}] * len(rows)
        if self.copy_info_dict:
            infos = copy.deepcopy(self.infos.reshape(-1)[rows])
        return self.env.env_method("compute_reward", achieved, goals, infos, indices=[0])[0]

    def _tensors(self, observations: Any) -> dict[str, torch.Tensor]:
        return {key: self.to_torch(values, copy=False) for key, values in observations.items()}

    def resume_episodes(self, unfinished: np.ndarray) -> None:
        """Restore the lengths of running episodes after all arrays are restored."""
        self.unfinished = np.array(unfinished, np.int64)
        self._n_valid = int(np.count_nonzero(self.ep_length))
