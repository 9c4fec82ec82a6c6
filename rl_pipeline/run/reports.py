"""`progress.png` and `stats.json`, renewed while a run goes on."""

import logging

from rl_pipeline.config.schema import Config
from rl_pipeline.plotting import plot_progress, write_stats
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.session import Session

logger = logging.getLogger(__name__)


def renew_reports(folder: RunFolder, config: Config, session: Session) -> None:
    """Draw the curves and write the statistics anew from what the run has recorded so far."""
    session.tracker.flush()
    minutes = session.split.minutes()
    extra = {"timesteps": session.learner.timesteps, "seconds": None if minutes is None else 60 * minutes}
    try:
        write_stats(folder.path, config.model_dump(mode="json"), extra)
        plot_progress(folder.path)
    except OSError as error:
        logger.warning("progress.png and stats.json could not be renewed: %s", error)
