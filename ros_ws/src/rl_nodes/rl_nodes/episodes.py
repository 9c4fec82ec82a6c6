"""Means over episodes as messages."""

import math
from collections.abc import Mapping

from rl_interfaces.msg import EpisodeStatistics

TRAINING = {
    "mean_return": "rollout/ep_rew_mean",
    "mean_length": "rollout/ep_len_mean",
    "success_rate": "rollout/success_rate",
}
EVALUATION = {
    "mean_return": "eval/mean_reward",
    "mean_length": "eval/mean_ep_length",
    "success_rate": "eval/success_rate",
}
"""Fields of the message and the columns of a run's curve that they hold."""
METRIC = "episode/"


def training_statistics(timestep: int, values: Mapping[str, float]) -> EpisodeStatistics | None:
    """Convert a row of the curve to a message; None if no episode has ended yet.

    Args:
        timestep: Age of the policy.
        values: Names of columns to values.
    """
    if TRAINING["mean_return"] not in values:
        return None
    metrics = {name.removeprefix(METRIC): value for name, value in values.items() if name.startswith(METRIC)}
    return _statistics("training", timestep, values, TRAINING, metrics)


def evaluation_statistics(source: str, timestep: int, summary: Mapping[str, float]) -> EpisodeStatistics:
    """Convert the summary of an evaluation to a message.

    Args:
        source: `evaluation` or `play`.
        timestep: Age of the policy.
        summary: Names of columns to values, as `Evaluation.summary` returns them.
    """
    metrics = {
        name.removeprefix("eval/"): value
        for name, value in summary.items()
        if name not in EVALUATION.values()
    }
    return _statistics(source, timestep, summary, EVALUATION, metrics)


def _statistics(
    source: str,
    timestep: int,
    values: Mapping[str, float],
    columns: Mapping[str, str],
    metrics: Mapping[str, float],
) -> EpisodeStatistics:
    standard = {field: float(values.get(column, math.nan)) for field, column in columns.items()}
    numbers = [float(value) for value in metrics.values()]
    return EpisodeStatistics(
        source=source, timestep=timestep, metric_names=list(metrics), metrics=numbers, **standard
    )
