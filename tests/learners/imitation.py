"""A second learner, as a user would write it: a linear policy that is fitted to recorded observations and actions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline import plain_data
from rl_pipeline.config.training import Training
from rl_pipeline.learners.learner import (
    POLICY,
    Description,
    IterationLength,
    Learner,
    NonFiniteError,
    Phase,
    PolicyFileError,
)
from rl_pipeline.policies.policy import Policy

BATCH = 32


class LinearPolicy(Policy[None]):
    def __init__(self, weights: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        self.weights, self.low, self.high = weights, low, high

    def act(
        self, observations: Any, memory: None, episode_starts: np.ndarray, **options: Any
    ) -> tuple[np.ndarray, None]:
        return np.clip(observations @ self.weights, self.low, self.high).astype(np.float32), None


class Imitation(Learner):
    def __init__(self, training: Training, env: VectorEnv, *, seed: int) -> None:
        super().__init__(training, env, seed=seed)
        space, action = env.single_observation_space, env.single_action_space
        self.weights = np.zeros((space.shape[0], action.shape[0]))
        self.velocity = np.zeros_like(self.weights)
        self.generator = np.random.default_rng(seed)
        self.losses: list[float] = []
        self._timesteps = 0

    def start(self) -> None:
        with np.load(self.training.algorithm_parameters["recording"]) as recording:
            self.recording = recording["observations"], recording["actions"]

    @property
    def timesteps(self) -> int:
        return self._timesteps

    @property
    def policy(self) -> LinearPolicy:
        space = self.env.single_action_space
        return LinearPolicy(self.weights, space.low, space.high)

    def iterate(self, on_phase: Callable[[Phase], object]) -> None:
        on_phase("update")
        observations, actions = self.recording
        rows = self.generator.integers(len(observations), size=BATCH)
        error = observations[rows] @ self.weights - actions[rows]
        self.velocity = 0.9 * self.velocity - 0.01 * observations[rows].T @ error / BATCH
        self.weights = self.weights + self.velocity
        self.losses.append(float(np.square(error).mean()))
        self._timesteps += BATCH

    def take_metrics(self) -> dict[str, float]:
        losses, self.losses = self.losses, []
        return {"train/loss": float(np.mean(losses))} if losses else {}

    def check_finite(self) -> None:
        if not np.isfinite(self.weights).all():
            raise NonFiniteError("weights are not finite")

    def describe(self) -> Description:
        networks = f"linear; {self.weights.size} parameters"
        return Description(networks, "cpu", IterationLength(BATCH, "a batch"))

    def write_policy(self, folder: Path) -> None:
        with (folder / POLICY).open("wb") as file:
            plain_data.dump({"weights": self.weights}, file)

    def load_policy(self, folder: Path) -> None:
        try:
            self.weights = plain_data.load(folder / POLICY)["weights"]
        except plain_data.UNREADABLE as error:
            raise PolicyFileError(f"{folder / POLICY} cannot be read: {error}") from error

    def state_dict(self) -> dict[str, Any]:
        generator = self.generator.bit_generator.state
        own = {"velocity": self.velocity, "losses": self.losses, "timesteps": self._timesteps}
        return {**own, "generator": generator}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.velocity, self.losses, self._timesteps = state["velocity"], state["losses"], state["timesteps"]
        self.generator.bit_generator.state = state["generator"]
