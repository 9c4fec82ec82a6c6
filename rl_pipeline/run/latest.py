"""`experiments/<environment>/latest`: a link to the run of this environment that was started last."""

import logging
import secrets

from rl_pipeline.run.folder import RunFolder

logger = logging.getLogger(__name__)

LATEST = "latest"


def mark_latest(run: RunFolder) -> None:
    """Set the link `latest` in the folder of a run's environment to the run.

    The link is relative, so that it survives a move of the folder. It replaces an older link atomically, so that
    runs that start together leave a valid link. A file that is not a link is kept. If the file system has no links,
    the function logs a warning.

    Args:
        run: A run in `experiments/<environment>/<algorithm>/`.
    """
    link = run.path.parent.parent / LATEST
    if link.exists() and not link.is_symlink():
        logger.warning(
            "%s is not a link, so it is left unchanged; rename it to get a link to the latest run", link
        )
        return
    temporary = link.with_name(f".{LATEST}.{secrets.token_hex(6)}.tmp")
    try:
        temporary.symlink_to(run.path.relative_to(link.parent), target_is_directory=True)
        temporary.replace(link)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        logger.warning("%s could not be set to the latest run: %s", link, error)
