"""Domain randomization of a batch: model parameters, delayed actions, noise and pushes."""

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.action_delay import ActionDelay
from rl_pipeline.envs.mujoco.model_parameters import ModelParameters
from rl_pipeline.envs.mujoco.observations import Observation, map_arrays
from rl_pipeline.envs.mujoco.pusher import Pusher
from rl_pipeline.envs.mujoco.randomization import RandomizationConfig
from rl_pipeline.envs.mujoco.simulations import Simulations
from rl_pipeline.plain_data import StateDict

EPISODE_STREAM, NOISE_STREAM = 1, 2


class Randomizer:
    """Randomizes every simulation with its own generator, separate from the one that chooses its starts.

    So an environment has the same starts with and without randomization. Only the sensor noise uses one generator
    for the whole batch, which is seeded together with simulation 0.
    """

    def __init__(
        self, config: RandomizationConfig, simulations: Simulations, action_space: spaces.Box
    ) -> None:
        n = simulations.n
        self._rngs = [np.random.default_rng() for _ in range(n)]
        self._noise_rng = np.random.default_rng()
        self._noise_std = config.sensor_noise.std if config.sensor_noise else 0.0
        self._parameters = ModelParameters(config, simulations)
        self._delay = ActionDelay(config.latency, n, action_space.shape) if config.latency else None
        self._pusher = Pusher(config.pushes, simulations) if config.pushes else None

    def seed(self, i: int, seed: int) -> None:
        """Seed simulation `i`."""
        self._rngs[i] = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(EPISODE_STREAM,)))
        if i == 0:
            self._noise_rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(NOISE_STREAM,)))

    def start_episodes(self, ids: NDArray[np.intp]) -> None:
        """Draw the values of an episode for the simulations that are about to be reset."""
        for i in ids:
            rng = self._rngs[i]
            self._parameters.draw(i, rng)
            if self._delay:
                self._delay.draw(i, rng)
            if self._pusher:
                self._pusher.draw(i, rng)
        self._parameters.take_effect(ids)

    def before_step(self, actions: np.ndarray) -> np.ndarray:
        """Apply the pushes that are due, and return the actions that arrive now."""
        if self._pusher:
            self._pusher.push(self._rngs)
        return self._delay.exchange(actions) if self._delay else actions

    def disturb(self, observation: Observation) -> Observation:
        """Return the observation with sensor noise."""
        return map_arrays(self._noisy, observation) if self._noise_std else observation

    def state_dict(self) -> StateDict:
        """Return generators, parameters and the state of delays and pushes as plain data."""
        return {
            "rngs": [rng.bit_generator.state for rng in self._rngs],
            "noise_rng": self._noise_rng.bit_generator.state,
            "parameters": self._parameters.state_dict(),
            "delay": self._delay.state_dict() if self._delay else None,
            "pusher": self._pusher.state_dict() if self._pusher else None,
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict` of the same configuration."""
        for rng, rng_state in zip(self._rngs, state["rngs"], strict=True):
            rng.bit_generator.state = rng_state
        self._noise_rng.bit_generator.state = state["noise_rng"]
        self._parameters.load_state_dict(state["parameters"])
        if self._delay:
            self._delay.load_state_dict(state["delay"])
        if self._pusher:
            self._pusher.load_state_dict(state["pusher"])

    def _noisy(self, array: np.ndarray) -> np.ndarray:
        if array.dtype.kind != "f":
            return array
        return (array + self._noise_rng.normal(0.0, self._noise_std, array.shape)).astype(array.dtype)
