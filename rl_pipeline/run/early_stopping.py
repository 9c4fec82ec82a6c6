"""Reasons to end a training before its last timestep."""

import math
from collections.abc import Mapping

from rl_pipeline.config.training import EarlyStopping
from rl_pipeline.learners.learner import NonFiniteError
from rl_pipeline.run.evaluate import PREFIX
from rl_pipeline.run.training_state import Progression


def reason_to_stop(
    config: EarlyStopping, progression: Progression, summary: Mapping[str, float]
) -> str | None:
    """Return why a training may end after an evaluation, or None; the evaluation at timestep 0 never ends it.

    Args:
        config: The `early_stopping` block.
        progression: Progress of the run, including this evaluation.
        summary: Values of this evaluation that trackers log.
    """
    if progression.last_evaluation_timestep == 0:
        return None
    mean_return = summary[f"{PREFIX}mean_reward"]
    if config.reward_threshold is not None and mean_return >= config.reward_threshold:
        return f"mean return {mean_return:.1f} reached the threshold {config.reward_threshold:g}"
    wanted = config.metric_thresholds
    if wanted and all(summary.get(f"{PREFIX}{name}", -math.inf) >= value for name, value in wanted.items()):
        return "reached " + ", ".join(f"{name} {value:g}" for name, value in wanted.items())
    count = progression.evaluations_without_improvement
    if config.patience is not None and count >= config.patience:
        return f"no improvement in {count} evaluations"
    return None


def time_is_up(max_minutes: float | None, minutes: float | None) -> str | None:
    """Return the reason if a training has used its time, or None.

    Args:
        max_minutes: The limit; None for no limit.
        minutes: Minutes of training; None if a version that did not count them trained the run.
    """
    if max_minutes is None or minutes is None or minutes < max_minutes:
        return None
    return f"trained for {max_minutes:g} minutes"


def check_finite(values: Mapping[str, object]) -> None:
    """Refuse values that a training cannot recover from.

    Raises:
        NonFiniteError: A value under `train/` or `rollout/` is NaN or infinite.
    """
    broken = [
        f"{name} = {value}"
        for name, value in values.items()
        if name.startswith(("train/", "rollout/")) and isinstance(value, float) and not math.isfinite(value)
    ]
    if broken:
        raise NonFiniteError(", ".join(sorted(broken)))
