"""Detection of trainings that ended because the disk is full; their trials resume when space is free."""

import errno
import os
import shutil
from pathlib import Path

from rl_pipeline.errors import CommandFailedError
from rl_pipeline.run.conclusion import shown
from rl_pipeline.search.job_record import MIN_FREE

NUMBERS = (errno.ENOSPC, errno.EDQUOT)


def is_full(folder: Path) -> bool:
    """Return whether no space is left."""
    return shutil.disk_usage(folder).free < MIN_FREE


def says_full(text: str) -> bool:
    """Return whether the output of a program reports a full disk."""
    return any(os.strerror(number) in text for number in NUMBERS)


def full_disk(sweep: Path) -> CommandFailedError:
    """Return the error that ends a search."""
    free = shutil.disk_usage(sweep).free
    return CommandFailedError(
        f"the disk of {shown(sweep)} is full ({free:,} bytes free); the runs keep their newest checkpoints; "
        f"free some space, then resume with: rl-pipeline sweep --resume {shown(sweep)}"
    )
