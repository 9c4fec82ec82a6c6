"""`progress.png` and `stats.json`, updated during a run."""

import logging
import time

from rl_pipeline.config.schema import Config
from rl_pipeline.plotting import plot_progress, write_stats
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.session import Session

logger = logging.getLogger(__name__)

TIME_SHARE = 0.02
"""Maximum share of a training's time for pictures and statistics."""
FIRST_PICTURE_AFTER = 30.0
"""Seconds before the first picture, which takes a second or two; a shorter training is drawn at its end."""


class Reports:
    """Draws the curves and writes the statistics of a run.

    Args:
        folder: The run's folder.
        config: Its configuration.
        session: Its environment, learner and trackers.
    """

    def __init__(self, folder: RunFolder, config: Config, session: Session) -> None:
        self._folder, self._config, self._session = folder, config, session
        self._next = time.monotonic()
        self._first_picture = self._next + FIRST_PICTURE_AFTER

    def renew_if_due(self) -> None:
        """Update the files, unless this would take more than `TIME_SHARE` of the time."""
        started = time.monotonic()
        if started >= self._next:
            self.renew(draws=started >= self._first_picture)
            now = time.monotonic()
            self._next = now + (now - started) / TIME_SHARE

    def renew(self, *, draws: bool = True) -> None:
        """Write the statistics and draw the curves from the records of the run so far.

        Args:
            draws: Whether the curves are drawn.
        """
        session = self._session
        session.tracker.flush()
        minutes = session.split.minutes()
        seconds = None if minutes is None else 60 * minutes
        extra = {"timesteps": session.learner.timesteps, "seconds": seconds}
        try:
            write_stats(self._folder.path, self._config.model_dump(mode="json"), extra)
            if draws:
                plot_progress(self._folder.path)
        except OSError as error:
            logger.warning("progress.png and stats.json could not be updated: %s", error)
