"""The results of `VectorEnv.step`, composed of the answers of several simulations."""

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.remote.batch import RemoteAnswer, SimulationBatch
from rl_pipeline.envs.remote.flat_batch import FlatBatch, FlatLayout
from rl_pipeline.wrappers.base import Infos, StepResult


class ReplyCollector:
    """Collects the rows of a step or reset.

    Attributes:
        observations: Observations of all environments, flat.
        infos: Metrics and their masks.
    """

    def __init__(self, num_envs: int, layout: FlatLayout) -> None:
        self.num_envs = num_envs
        self._layout = layout
        self.observations = layout.zeros(num_envs)
        self._final: FlatBatch | None = None
        self._rewards = np.zeros(num_envs)
        self._terminated = np.zeros(num_envs, np.bool_)
        self._truncated = np.zeros(num_envs, np.bool_)
        self.infos: Infos = {}

    def observe(self, rows: slice, observations: FlatBatch) -> None:
        """Add observations."""
        _write(self.observations, rows, observations)

    def add(self, batch: SimulationBatch, answer: RemoteAnswer) -> None:
        """Add the answer of a simulation to a step.

        Raises:
            MalformedReplyError: The answer has wrong sizes or contains NaN.
        """
        rows, n = batch.rows, (batch.num_envs,)
        self.observe(rows, batch.observations(answer))
        self._rewards[rows] = batch.numbers(answer.rewards, n, "rewards")
        self._terminated[rows] = terminated = batch.octets(answer.terminated, n, "terminated")
        self._truncated[rows] = truncated = batch.octets(answer.truncated, n, "truncated")
        (ended,) = (terminated | truncated).nonzero()
        numbers, octets = answer.final_observations, answer.final_images
        if len(ended) or len(numbers) or len(octets):
            final = batch.rows_of(numbers, octets, len(ended), "final observations")
            self._finish(rows.start + ended, final)
        self.add_metrics(batch, answer)

    def _finish(self, rows: slice | NDArray[np.intp], final: FlatBatch) -> None:
        """Add the last observations of episodes that ended."""
        if self._final is None:
            self._final = self._layout.zeros(self.num_envs)
        _write(self._final, rows, final)

    def add_metrics(self, batch: SimulationBatch, answer: RemoteAnswer) -> None:
        """Add the metrics of an answer."""
        if not (len(answer.metric_names) or len(answer.metrics) or len(answer.metrics_mask)):
            return
        shape = (len(answer.metric_names), batch.num_envs)
        values = batch.sized(np.frombuffer(answer.metrics, np.float64), shape, "metrics")
        masks = batch.octets(answer.metrics_mask, shape, "metrics_mask")
        for name, row, mask in zip(answer.metric_names, values, masks, strict=True):
            self.infos.setdefault(name, np.zeros(self.num_envs))[batch.rows] = row
            self.infos.setdefault(f"_{name}", np.zeros(self.num_envs, np.bool_))[batch.rows] = mask

    def truncate(self, rows: slice, last: FlatBatch, observations: FlatBatch) -> None:
        """Report environments whose simulation was lost: their episodes end with the last known observation."""
        self.observe(rows, observations)
        self._truncated[rows] = True
        self._finish(rows, FlatBatch(last.numbers[rows], last.bytes[rows]))

    def as_tuple(self) -> StepResult:
        """Return the results of `VectorEnv.step`."""
        if self._final is not None:
            self.infos["final_obs"] = self._layout.unpack(self._final)
            self.infos["_final_obs"] = self._terminated | self._truncated
        observations = self._layout.unpack(self.observations)
        return observations, self._rewards, self._terminated, self._truncated, self.infos


def _write(to: FlatBatch, rows: slice | NDArray[np.intp], values: FlatBatch) -> None:
    to.numbers[rows] = values.numbers
    if to.bytes.size:
        to.bytes[rows] = values.bytes
