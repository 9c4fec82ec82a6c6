"""Figures and statistics of runs: `progress.png`, `stats.json`, and curves of several runs."""

from rl_pipeline.plotting.comparison import plot_runs
from rl_pipeline.plotting.progress_figure import plot_progress
from rl_pipeline.plotting.stats import write_stats

__all__ = ["plot_progress", "plot_runs", "write_stats"]
