"""Assignment of agents to environments, and the result of an environment step for each."""

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.envs.unity.decode import AgentBatch


class StepArrays:
    """Parts of the results of `VectorEnv.step`.

    Args:
        n: number of environments.
        sensors: space of each sensor.
    """

    def __init__(self, n: int, sensors: list[spaces.Box]) -> None:
        self.observations = [np.zeros((n, *box.shape), box.dtype) for box in sensors]
        self.final = [np.zeros((n, *box.shape), box.dtype) for box in sensors]
        self.rewards = np.zeros(n)
        self.terminated, self.truncated = np.zeros((2, n), np.bool_)
        self.metrics: dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}

    @property
    def ended(self) -> NDArray[np.bool_]:
        """(n,) Whether the episodes ended."""
        return self.terminated | self.truncated

    def add_metric(self, name: str, rows: slice, value: float) -> None:
        """Report a number of a whole process for each of its environments."""
        n = len(self.rewards)
        values, mask = self.metrics.setdefault(name, (np.zeros(n), np.zeros(n, np.bool_)))
        values[rows], mask[rows] = value, True

    def truncate(self, rows: slice, last: list[np.ndarray]) -> None:
        """Report the episodes of a dead process, with the last known observations."""
        self.rewards[rows], self.terminated[rows], self.truncated[rows] = 0.0, False, True
        for final, seen in zip(self.final, last, strict=True):
            final[rows] = seen[rows]


class AgentRows:
    """Assigns a row of the batch to each agent of a process.

    An agent has a new id in each episode; it takes the free row. An environment step is complete when every row has
    an agent that requests an action: agents that request one earlier repeat their action.

    Args:
        rows: the rows of this process.

    Attributes:
        asking: rows of the agents that wait for an action, in Unity's order; -1 for agents beyond the rows.
        forbidden: forbidden actions of each of these agents.
    """

    def __init__(self, rows: slice) -> None:
        self.rows = rows
        self.forget()

    def forget(self) -> None:
        """Start again, with unknown agents."""
        self._row_of: dict[int, int] = {}
        self._free = list(range(self.rows.stop - 1, self.rows.start - 1, -1))
        self._carried: dict[int, float] = {}
        self.asking = np.zeros(0, np.int64)
        self.forbidden: list[NDArray[np.bool_] | None] = []
        self._missing = set(range(self.rows.start, self.rows.stop))

    def begin_step(self, step: StepArrays) -> None:
        """Wait for every row again; rewards of episodes that began during the last step count for this step."""
        self._missing = set(range(self.rows.start, self.rows.stop))
        for row, reward in self._carried.items():
            step.rewards[row] += reward
        self._carried.clear()

    @property
    def complete(self) -> bool:
        """Whether every row is complete."""
        return not self._missing

    @property
    def n_missing(self) -> int:
        """Number of rows that still wait for an agent's request."""
        return len(self._missing)

    def take(self, batch: AgentBatch, step: StepArrays) -> None:
        """Process the agents of a message."""
        for index in np.flatnonzero(batch.done):
            self._end(batch, int(index), step)
        asking = np.flatnonzero(~batch.done)
        self.asking = np.array([self._row(batch.ids[index]) for index in asking], np.int64)
        self.forbidden = [batch.forbidden[index] for index in asking]
        known = self.asking >= 0
        rows, asking = self.asking[known], asking[known]
        for observations, seen in zip(step.observations, batch.observations, strict=True):
            observations[rows] = seen[asking]
        current = ~step.ended[rows]
        step.rewards[rows[current]] += batch.rewards[asking[current]]
        for row, reward in zip(rows[~current], batch.rewards[asking[~current]], strict=True):
            self._carried[int(row)] = self._carried.get(int(row), 0.0) + float(reward)
        self._missing.difference_update(rows.tolist())

    def _row(self, agent: int) -> int:
        if agent not in self._row_of:
            if not self._free:
                return -1
            self._row_of[agent] = self._free.pop()
        return self._row_of[agent]

    def _end(self, batch: AgentBatch, index: int, step: StepArrays) -> None:
        row = self._row_of.pop(batch.ids[index], None)
        if row is None:
            return  # an agent beyond the rows, or one whose episode ended before its first request
        self._free.append(row)
        self._missing.add(row)
        self._carried.pop(row, None)
        if step.ended[row]:
            return  # a whole episode passed while other agents were waited for
        step.rewards[row] += batch.rewards[index]
        step.truncated[row] = batch.interrupted[index]
        step.terminated[row] = not batch.interrupted[index]
        for final, seen in zip(step.final, batch.observations, strict=True):
            final[row] = seen[index]
