"""`experiments/<environment>/latest`: a link to the run of this environment that was started last."""

import logging
import secrets

from rl_pipeline.run.folder import RunFolder

logger = logging.getLogger(__name__)

LATEST = "latest"


def mark_latest(run: RunFolder) -> None:
    """Let `latest` in the folder of a run's environment lead to the run.

    The link is relative, so that it survives a move of the folder, and it replaces an older one at once, so that
    runs that start together leave a whole link. What is no link is left alone. Where the file system has no links,
    a warning says so.

    Args:
        run: A run in `experiments/<environment>/<algorithm>/`.
    """
    link = run.path.parent.parent / LATEST
    if link.exists() and not link.is_symlink():
        logger.warning(
            "%s is no link, so it is left as it is; rename it to get a link to the latest run", link
        )
        return
    temporary = link.with_name(f".{LATEST}.{secrets.token_hex(6)}.tmp")
    try:
        temporary.symlink_to(run.path.relative_to(link.parent), target_is_directory=True)
        temporary.replace(link)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        logger.warning("%s could not be set to the latest run: %s", link, error)
