"""A limit on the number of steps in an episode."""

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation, select_rows
from rl_pipeline.wrappers.base import Infos, ResetOptions, StepResult, TrainingWrapper, finished, reset_mask


class TimeLimit(TrainingWrapper):
    """Truncate episodes after a number of steps, and reset their environments in the same step.

    The wrapped environment resets single environments through `reset(options={"reset_mask": mask})`.

    Args:
        env: The vector environment, with autoreset mode SAME_STEP.
        max_episode_steps: Environment steps after which an unfinished episode is truncated, at least 1.

    Attributes:
        elapsed_steps: Steps in each environment's present episode, int64, shape (num_envs,).

    Raises:
        ValueError: `max_episode_steps` is below 1.
    """

    def __init__(self, env: VectorEnv, max_episode_steps: int) -> None:
        super().__init__(env)
        if max_episode_steps < 1:
            raise ValueError(f"max_episode_steps must be at least 1, got {max_episode_steps}")
        self.max_episode_steps = max_episode_steps
        self.elapsed_steps: NDArray[np.int64] = np.zeros(self.num_envs, dtype=np.int64)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: ResetOptions = None
    ) -> tuple[Observation, Infos]:
        """Reset the environments and their step counts."""
        self.elapsed_steps[reset_mask(options, self.num_envs)] = 0
        return self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]

    def step(self, actions: np.ndarray) -> StepResult:
        """Step the environments; episodes that reach the limit are truncated, and their environments are reset."""
        observation, rewards, terminated, truncated, infos = self.env.step(actions)
        self.elapsed_steps += 1
        done = finished(terminated, truncated)
        over = (self.elapsed_steps >= self.max_episode_steps) & ~done
        self.elapsed_steps[done | over] = 0
        if over.any():
            infos["final_obs"] = select_rows(over, observation, infos.get("final_obs", observation))
            infos["_final_obs"] = done | over
            truncated = truncated | over
            first_observation, _ = self.env.reset(options={"reset_mask": over.copy()})
            observation = select_rows(over, first_observation, observation)
        return observation, rewards, terminated, truncated, infos

    def state_dict(self) -> StateDict:
        """Return the step counts."""
        return {"elapsed_steps": self.elapsed_steps.copy()}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self.elapsed_steps = np.array(state["elapsed_steps"], dtype=np.int64)
