"""Progress of a training: a bar on a terminal, otherwise plain lines."""

import time
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

from rl_pipeline.tracking.time_split import TimeSplit


class Progress:
    """Shows timesteps, timesteps/s, remaining time, mean return, and the use of the time.

    Args:
        total_timesteps: Last timestep of the training.
        start_timestep: First timestep of this process; above 0 for a resumed run.
        log_points: Maximum number of lines between the first and the last without a bar.
        verbose: 0 shows nothing at all.
        console: Console for the output; by default, the standard output.
    """

    def __init__(
        self,
        total_timesteps: int,
        start_timestep: int = 0,
        log_points: int = 100,
        verbose: int = 1,
        console: Console | None = None,
    ) -> None:
        self._total = total_timesteps
        self._start_timestep = start_timestep
        self._start_time = time.monotonic()
        self._console = console or Console()
        self._verbose = verbose > 0
        self._interval = (total_timesteps - start_timestep) / max(log_points, 1)
        self._next_line_at: float = start_timestep
        self._last_line: str | None = None
        self._bar = self._start_bar() if self._verbose and self._console.is_interactive else None

    def update(self, timestep: int, mean_return: float | None, split: TimeSplit) -> None:
        """Show the present state.

        Args:
            timestep: Timesteps made so far.
            mean_return: Mean return of the latest episodes; None before the first one ended.
            split: The time spent so far.
        """
        if not self._verbose:
            return
        pace = self._pace(timestep)
        state = _state(mean_return, split)
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=timestep, details=f"{pace}\n{state}")
            return
        percent = min(100 * timestep // max(self._total, 1), 100)
        self._last_line = f"{percent:3d}% {pace}  {state}"
        if timestep >= self._next_line_at or timestep >= self._total:
            self._print_last_line()
            self._next_line_at = max(self._next_line_at, timestep) + self._interval

    def message(self, text: str) -> None:
        """Print a line of text, above the bar if there is one."""
        if self._verbose:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Show the last state and release the terminal."""
        self._print_last_line()
        if self._bar:
            self._bar.stop()

    def _print_last_line(self) -> None:
        if self._last_line:
            self.message(self._last_line)
        self._last_line = None

    def _start_bar(self) -> RichProgress:
        bar = RichProgress(
            TextColumn("{task.percentage:3.0f}%"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[details]}", markup=False),
            console=self._console,
        )
        bar.add_task("training", total=self._total, completed=self._start_timestep, details="")
        bar.start()
        return bar

    def _pace(self, timestep: int) -> str:
        elapsed = time.monotonic() - self._start_time
        speed = (timestep - self._start_timestep) / elapsed if elapsed else 0.0
        seconds_to_go = max(self._total - timestep, 0) / speed if speed else None
        time_to_go = "-:--:--" if seconds_to_go is None else timedelta(seconds=round(seconds_to_go))
        return f"{timestep:,}/{self._total:,} timesteps  {speed:,.0f}/s  ETA {time_to_go}"


def _state(mean_return: float | None, split: TimeSplit) -> str:
    fractions = split.fractions()
    shares = " ".join(f"{part} {fractions[part]:.0%}" for part in ("collect", "update", "evaluate"))
    return f"return {'-' if mean_return is None else f'{mean_return:,.1f}'}  {shares}"
