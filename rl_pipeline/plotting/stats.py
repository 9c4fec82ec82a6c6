"""`stats.json`: summary of a run's numbers."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl_pipeline.atomic import atomic_write
from rl_pipeline.tracking.csv_file import Series, read_series

PREFIX = "eval/"


def write_stats(run_folder: Path, config: Mapping[str, object], extra: Mapping[str, object]) -> Path:
    """Write the present results of a run.

    The file holds `timesteps`, `fps` (timesteps per second), `mean_return` of the latest training episodes, `best`
    (timestep and mean_reward of `best_evaluation`, null before the first one), `evaluations` (lists as long as its
    `timesteps`, null if an evaluation has no such metric), everything in `extra`, and the configuration as `args`.
    Numbers that are not finite become null, since JSON has no such numbers.

    Args:
        run_folder: The run's folder with `progress.csv` and `evaluations.csv`.
        config: The run's resolved configuration, as plain data.
        extra: Additional entries, e.g. `seconds`; they override those from the CSV files.

    Returns:
        The file, `stats.json` in that folder.

    Raises:
        OSError: The folder cannot be read or written.
    """
    progress = read_series(run_folder / "progress.csv")
    evaluations = read_series(run_folder / "evaluations.csv")
    stats = {
        "timesteps": max((int(series.timesteps[-1]) for series in progress.values()), default=0),
        "fps": _latest(progress, "time/fps"),
        "mean_return": _latest(progress, "rollout/ep_rew_mean"),
        "best": _best(evaluations.get(f"{PREFIX}mean_reward")),
        "evaluations": _table(evaluations),
        **extra,
        "args": config,
    }
    path = run_folder / "stats.json"
    with atomic_write(path, mode="w") as file:
        file.write(json.dumps(_finite(stats), indent=2, allow_nan=False) + "\n")
    return path


def _latest(series: Mapping[str, Series], name: str) -> float | None:
    return float(series[name].values[-1]) if name in series else None


def best_evaluation(mean: Series) -> tuple[int, float] | None:
    """Find timestep and mean return of the best evaluation after timestep 0, or None."""
    evaluations = zip(mean.values.tolist(), mean.timesteps.tolist(), strict=True)
    best = max(
        ((value, timestep) for value, timestep in evaluations if timestep > 0), key=_nan_last, default=None
    )
    return None if best is None else (best[1], best[0])


def _best(mean: Series | None) -> dict[str, float] | None:
    best = None if mean is None else best_evaluation(mean)
    return None if best is None else {"timestep": best[0], "mean_reward": best[1]}


def _nan_last(evaluation: tuple[float, int]) -> float:
    return -math.inf if math.isnan(evaluation[0]) else evaluation[0]


def _table(evaluations: Mapping[str, Series]) -> dict[str, list[float | None]]:
    timesteps = sorted({int(timestep) for series in evaluations.values() for timestep in series.timesteps})
    table: dict[str, list[float | None]] = {"timesteps": list(timesteps)}
    for name, series in evaluations.items():
        values = dict(zip(series.timesteps.tolist(), series.values.tolist(), strict=True))
        table[name.removeprefix(PREFIX)] = [values.get(timestep) for timestep in timesteps]
    return table


def _finite(value: object) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
