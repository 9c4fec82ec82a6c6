"""A second learner, as a user would write it: a linear policy that is fitted to recorded observations and actions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.vector import VectorEnv

from rl_pipeline import plain_data
from rl_pipeline.config.training import Training
from rl_pipeline.learners.learner import (
    POLICY,
    Description,
    IterationLength,
    LearnedPolicy,
    Learner,
    NonFiniteError,
    Phase,
)
from rl_pipeline.policies.policy import PolicyFileError

BATCH = 32


class LinearPolicy(LearnedPolicy[None]):
    def __init__(self, observation_space: Space, action_space: Space) -> None:
        self.weights = np.zeros((observation_space.shape[0], action_space.shape[0]))
        self.low, self.high = action_space.low, action_space.high

    def act(
        self, observations: Any, memory: None, episode_starts: np.ndarray, **options: Any
    ) -> tuple[np.ndarray, None]:
        return np.clip(observations @ self.weights, self.low, self.high).astype(np.float32), None

    def load(self, folder: Path) -> None:
        try:
            self.weights = plain_data.load(folder / POLICY)["weights"]
        except plain_data.UNREADABLE as error:
            raise PolicyFileError(f"{folder / POLICY} cannot be read: {error}") from error


class Imitation(Learner):
    def __init__(self, training: Training, env: VectorEnv, *, seed: int) -> None:
        super().__init__(training, env, seed=seed)
        self._policy = self.for_acting(training, env.single_observation_space, env.single_action_space)
        self.velocity = np.zeros_like(self._policy.weights)
        self.generator = np.random.default_rng(seed)
        self.losses: list[float] = []
        self._timesteps = 0

    @classmethod
    def for_acting(cls, training: Training, observation_space: Space, action_space: Space) -> LinearPolicy:
        return LinearPolicy(observation_space, action_space)

    def start(self) -> None:
        with np.load(self.training.algorithm_parameters["recording"]) as recording:
            self.recording = recording["observations"], recording["actions"]

    @property
    def timesteps(self) -> int:
        return self._timesteps

    @property
    def policy(self) -> LinearPolicy:
        return self._policy

    def iterate(self, on_phase: Callable[[Phase], object]) -> None:
        on_phase("update")
        observations, actions = self.recording
        rows = self.generator.integers(len(observations), size=BATCH)
        error = observations[rows] @ self._policy.weights - actions[rows]
        self.velocity = 0.9 * self.velocity - 0.01 * observations[rows].T @ error / BATCH
        self._policy.weights = self._policy.weights + self.velocity
        self.losses.append(float(np.square(error).mean()))
        self._timesteps += BATCH

    def take_metrics(self) -> dict[str, float]:
        losses, self.losses = self.losses, []
        return {"train/loss": float(np.mean(losses))} if losses else {}

    def check_finite(self) -> None:
        if not np.isfinite(self._policy.weights).all():
            raise NonFiniteError("weights are not finite")

    def describe(self) -> Description:
        networks = f"linear; {self._policy.weights.size} parameters"
        return Description(networks, "cpu", IterationLength(BATCH, "a batch"))

    def write_policy(self, folder: Path) -> None:
        with (folder / POLICY).open("wb") as file:
            plain_data.dump({"weights": self._policy.weights}, file)

    def state_dict(self) -> dict[str, Any]:
        generator = self.generator.bit_generator.state
        own = {"velocity": self.velocity, "losses": self.losses, "timesteps": self._timesteps}
        return {**own, "generator": generator}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.velocity, self.losses, self._timesteps = state["velocity"], state["losses"], state["timesteps"]
        self.generator.bit_generator.state = state["generator"]
