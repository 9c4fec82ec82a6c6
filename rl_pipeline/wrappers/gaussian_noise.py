"""Gaussian noise with random numbers that depend on the environments' seed and are saved in checkpoints."""

import zlib
from collections.abc import Sequence

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation
from rl_pipeline.wrappers.base import Infos, ResetOptions, TrainingWrapper


class GaussianNoise(TrainingWrapper):
    """Base of the wrappers that add noise; it owns the random number generator.

    Args:
        env: The vector environment.
        std: Standard deviation, in the units of the values; one number, or one per element.

    Raises:
        ValueError: A standard deviation is negative.
    """

    def __init__(self, env: VectorEnv, std: float | Sequence[float]) -> None:
        super().__init__(env)
        self.std: NDArray[np.float64] = np.asarray(std, dtype=np.float64)
        if (self.std < 0).any():
            raise ValueError(f"std must not be negative, got {std}")
        self._generator = np.random.default_rng()

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: ResetOptions = None
    ) -> tuple[Observation, Infos]:
        """Reset the environments; a seed also determines the noise from now on."""
        if seed is not None:
            seeds = [number for number in np.atleast_1d(np.array(seed, dtype=object)) if number is not None]
            stream = zlib.crc32(type(self).__name__.encode())  # a separate stream for each kind of noise
            self._generator = np.random.default_rng([stream, *seeds])
        return self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]

    def noisy(self, values: np.ndarray) -> np.ndarray:
        """Return values plus noise, in the values' shape (num_envs, ...) and dtype."""
        noise = self._generator.standard_normal(values.shape) * self.std
        return (values + noise).astype(values.dtype)

    def state_dict(self) -> StateDict:
        """Return the state of the random number generator."""
        return {"generator": dict(self._generator.bit_generator.state)}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self._generator.bit_generator.state = state["generator"]

    def check_size(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Refuse a `std` per element that does not fit the values.

        Raises:
            ValueError: `std` does not broadcast to one of the shapes.
        """
        for shape in shapes:
            if self.std.ndim and self.std.shape != shape:
                raise ValueError(
                    f"std has shape {self.std.shape}; give one number, or numbers of shape {shape}"
                )
