"""Summary of a run in one row, read from its files without the training stack."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rl_pipeline.plotting.run_data import run_identity
from rl_pipeline.run.folder import RunFolder, find_runs, read_json

UNDER_WAY = ("running", "concluding")
"""Statuses of runs with a running process."""


@dataclass(frozen=True)
class RunRow:
    """Summary of a run; None for values that are unknown or not yet available."""

    date: str | None
    """Start in local time, such as `2026-01-31 12:00:00`."""
    environment: str
    """Id, or the user's own class as `tank:Tank`."""
    algorithm: str
    """Such as `PPO`."""
    seed: int | None
    """Seed of the experiment."""
    timesteps: int | None
    """Trained so far."""
    minutes: float | None
    """Minutes of training, including evaluations and earlier parts of a resumed run."""
    best_return: float | None
    """Mean return of the best evaluation during the training."""
    status: str
    """As `status_of` returns it, such as `running` or `finished`."""
    run: str
    """Name of the run with its date."""
    name: str
    """Name of the experiment, which is the same for all its seeds."""
    path: str
    """The folder."""


def read_rows(root: Path) -> list[RunRow]:
    """Read the rows of all runs below a folder such as `experiments`, oldest first."""
    return [read_row(run) for run in find_runs(root)]


def read_row(run: RunFolder) -> RunRow:
    """Read the row of a run; missing or damaged files leave gaps in it."""
    metadata, stats = read_json(run.metadata), read_json(run.path / "stats.json")
    identity, seed = run_identity(run.path)
    timesteps, seconds = _number(stats, "timesteps"), _number(stats, "seconds")
    best = stats.get("best")
    return RunRow(
        date=_date(run, metadata),
        environment=identity.environment,
        algorithm=identity.algorithm,
        seed=seed,
        timesteps=None if timesteps is None else int(timesteps),
        minutes=None if seconds is None else seconds / 60,
        best_return=_number(best, "mean_reward") if isinstance(best, dict) else None,
        status=status_of(run),
        run=run.name,
        name=run.experiment_name,
        path=str(run.path),
    )


def status_of(run: RunFolder) -> str:
    """Return the status in `run.json`; `killed` if it is `running` and no process holds the run."""
    status = str(read_json(run.metadata).get("status", "unknown"))
    return "killed" if status in UNDER_WAY and not run.is_locked else status


def _date(run: RunFolder, metadata: dict[str, Any]) -> str | None:
    date = run.date
    if date is None:
        try:
            date = datetime.fromisoformat(str(metadata.get("started"))).astimezone()
        except ValueError:
            return None
    return f"{date:%Y-%m-%d %H:%M:%S}"


def _number(entries: dict[str, Any], key: str) -> float | None:
    value = entries.get(key)
    return value if isinstance(value, int | float) else None
