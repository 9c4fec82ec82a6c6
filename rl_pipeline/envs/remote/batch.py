"""The environments of a session with a simulation, and checks of the simulation's answers."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.envs.errors import MalformedReplyError
from rl_pipeline.envs.remote.flat_batch import FlatBatch, FlatLayout
from rl_pipeline.envs.remote.space_json import from_json

RemoteAnswer = Any
"""Answer of a simulation: an object with the fields of the service, whose class is made at run time."""


class SimulationBatch:
    """A part of the environments, which one simulation runs, and checks of its answers.

    Attributes:
        simulation: Name of the simulation.
        rows: Indices among all environments.
        num_envs: Their number.
    """

    observation_space: spaces.Space
    action_space: spaces.Space

    def __init__(self, simulation: str, rows: slice) -> None:
        self.simulation = simulation
        self.rows = rows
        self.num_envs = rows.stop - rows.start

    def read_spaces(self, answer: RemoteAnswer) -> None:
        """Read the spaces from the answer of `open`.

        Raises:
            MalformedReplyError: They cannot be read.
        """
        try:
            self.observation_space = from_json(answer.observation_space)
            self.action_space = from_json(answer.action_space)
        except ValueError as error:
            raise MalformedReplyError(f"{self.simulation}/open: {error}") from error
        self._layout = FlatLayout(self.observation_space)

    def reset_call(self, seeds: Sequence[int | None], mask: NDArray[np.bool_]) -> Any:
        """Return the call that starts new episodes in the marked environments."""
        raise NotImplementedError

    def step_call(self, actions: np.ndarray) -> Any:
        """Return the call that steps the environments; actions are float64 (num_envs, numbers in an action)."""
        raise NotImplementedError

    def observations(self, answer: RemoteAnswer) -> FlatBatch:
        """Return the observations of an answer."""
        return self.rows_of(answer.observations, answer.images, self.num_envs, "observations")

    def rows_of(self, numbers: object, octets: object, n: int, field: str) -> FlatBatch:
        """Return n observations from two flat fields of an answer."""
        return FlatBatch(
            self.numbers(numbers, (n, self._layout.n_numbers), field),
            self.octets(octets, (n, self._layout.n_bytes), f"images of {field}"),
        )

    def picture(self, answer: RemoteAnswer) -> NDArray[np.uint8] | None:
        """Return the picture of an answer of `render`, (height, width, 3); None if the simulation has none.

        Raises:
            MalformedReplyError: It has another size.
        """
        if not answer.height:
            return None
        return self.octets(answer.rgb, (answer.height, answer.width, 3), "picture").copy()

    def numbers(self, values: object, shape: tuple[int, int] | tuple[int], field: str) -> NDArray[np.float64]:
        """Return a field of float64, whose first axis is the environments; it may be a view of the answer.

        Raises:
            MalformedReplyError: The field has a wrong size or contains NaN.
        """
        numbers = self.sized(np.asarray(values, np.float64), shape, field)
        if np.count_nonzero(np.isnan(numbers)):  # faster than any()
            first = int(np.argwhere(np.isnan(numbers))[0, 0])
            raise MalformedReplyError(f"{self.simulation}: {field} of environment {first} has NaN")
        return numbers

    def octets(self, values: object, shape: tuple[int, ...], field: str) -> NDArray[np.uint8]:
        """Return a field of bytes.

        Raises:
            MalformedReplyError: It has another size.
        """
        return self.sized(np.asarray(values, np.uint8), shape, field)

    def sized(self, values: np.ndarray, shape: tuple[int, ...], field: str) -> np.ndarray:
        """Return a field in its shape, or raise a MalformedReplyError."""
        if values.shape == shape:
            return values
        if values.size != math.prod(shape):
            raise MalformedReplyError(
                f"{self.simulation}: {field} has {values.size} values, expected {math.prod(shape)} {shape}"
            )
        return values.reshape(shape)
