"""Running statistics of normalisers, which every rank updates with its own batches."""

from collections.abc import Sequence

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline.learners.parallel.ranks import Ranks
from rl_pipeline.wrappers.build import find_wrapper
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward
from rl_pipeline.wrappers.running_statistics import RunningStatistics


class SharedStatistics:
    """Merges the statistics of all ranks, as if one process had processed the batches of all of them.

    Between two calls of `merge`, a rank normalises with the shared statistics and its own batches since then. Only
    these batches are sent, so that a long training loses no precision.

    Args:
        env: The environment of this rank, before its first reset or at a state that all ranks share.
        ranks: All ranks.
    """

    def __init__(self, env: VectorEnv, ranks: Ranks) -> None:
        self._ranks = ranks
        observation, reward = find_wrapper(env, NormalizeObservation), find_wrapper(env, NormalizeReward)
        self._statistics = [
            *(observation.statistics.values() if observation else ()),
            *([reward.statistics] if reward else ()),
        ]
        for statistics in self._statistics:
            statistics.share()

    def merge(self) -> None:
        """Merge the batches of all ranks since the last call."""
        merge_statistics(self._statistics, self._ranks)


def merge_statistics(shared: Sequence[RunningStatistics], ranks: Ranks) -> None:
    """Merge the batches of all ranks since `share`, in the order of the ranks, and share the result.

    Args:
        shared: Statistics that are shared; the same ones in every rank.
        ranks: All ranks.
    """
    if not shared:
        return
    own = [_flat(statistics.unshared) for statistics in shared]
    bounds = np.cumsum([len(part) for part in own])[:-1]
    parts = np.split(ranks.stack(np.concatenate(own)), bounds, axis=1)
    for statistics, rows in zip(shared, parts, strict=True):
        assert statistics.common is not None
        statistics.load_state_dict(statistics.common)
        for row in rows:
            count, (mean, var) = row[0], row[1:].reshape(2, *statistics.mean.shape)
            if count > 0:
                statistics.merge(mean, var, float(count))
        statistics.share()


def _flat(statistics: RunningStatistics | None) -> np.ndarray:
    assert statistics is not None
    return np.concatenate([[statistics.count], statistics.mean.ravel(), statistics.var.ravel()])
