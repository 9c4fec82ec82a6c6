"""Columns of a run that are metrics of its task, such as speed or distance."""

from collections.abc import Collection
from dataclasses import dataclass

TRAINING, EVALUATION = "episode/", "eval/"
SUCCESS = ("success", "is_success_mean", "is_success_final", "success_mean", "success_final")
"""Metrics that are shown as the success rate."""
OF_EVERY_TASK = (
    "mean_reward",
    "std_reward",
    "min_reward",
    "max_reward",
    "mean_ep_length",
    "success_rate",
    *SUCCESS,
)
MEANINGS = {"mean": "mean over the episode", "final": "at the end of the episode"}


@dataclass(frozen=True)
class TaskMetric:
    """A metric of a task.

    Attributes:
        name: Name, such as `speed_mean`.
        title: Title, such as `speed`.
        meaning: Description of its values.
    """

    name: str
    title: str
    meaning: str


def task_metrics(columns: Collection[str]) -> list[TaskMetric]:
    """List the metrics of a task in the order of the columns; of a mean and a last value, only the mean."""
    names = dict.fromkeys(
        column.removeprefix(source)
        for column in columns
        for source in (TRAINING, EVALUATION)
        if column.startswith(source)
    )
    return [
        _described(name)
        for name in names
        if name not in OF_EVERY_TASK
        and not (name.endswith("_final") and f"{name.removesuffix('_final')}_mean" in names)
    ]


def _described(name: str) -> TaskMetric:
    stem, _, ending = name.rpartition("_")
    if not stem or ending not in MEANINGS:
        stem, ending = name, ""
    return TaskMetric(name, stem.replace("_", " "), MEANINGS.get(ending, "per episode"))
