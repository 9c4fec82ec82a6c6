"""Storage of the trials of a search: a journal file, or a database that may be restarted during the search."""

from pathlib import Path
from typing import BinaryIO

import sqlalchemy
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages._cached_storage import _CachedStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from rl_pipeline.errors import RefusedError
from rl_pipeline.search.database import DatabaseStorage

PATIENCE = 600.0
"""Seconds to wait for a database that does not answer."""
GRACE = 30
"""Seconds after which the lock of a journal is taken from a process that was killed."""


def open_storage(target: str | Path, patience: float = PATIENCE) -> BaseStorage:
    """Open a journal file or a database; create it if it does not exist.

    Heartbeats are off: a trial whose process is lost is resumed, not declared failed.

    Args:
        target: Path of a journal file, or the URL of a database, e.g. `postgresql://user@host/database`.
        patience: Seconds to wait for a database that was reached before and no longer answers.

    Raises:
        RefusedError: The URL is not valid, the database cannot be reached, or its driver is not installed.
    """
    if "://" not in str(target):
        path = str(Path(target).absolute())
        return JournalStorage(JournalFileBackend(path, lock_obj=_MendingLock(path)))
    url = _url(str(target))
    shown = url.render_as_string(hide_password=True)
    try:
        return _CachedStorage(DatabaseStorage(url, patience))
    except ImportError as error:
        raise RefusedError(_missing_driver(url, error)) from error
    except (SQLAlchemyError, StorageInternalError) as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        remedy = "Start the database, or check `sweep.storage`."
        raise RefusedError(f"The database {shown} cannot be opened: {reason}. {remedy}") from error


class _MendingLock(JournalFileOpenLock):
    """Lock of a journal; its holder finds only complete lines.

    A process that is killed while it writes, or a full disk, leaves an incomplete line. Optuna would append to it
    and could no longer read the journal. A lock that is a file, not a symbolic link, survives a move of its folder.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path, GRACE)
        self._path = path

    def acquire(self) -> bool:
        """Wait for the lock and remove a line that was cut off."""
        super().acquire()
        with open(self._path, "r+b") as file:  # noqa: PTH123  Optuna has paths as texts
            end = whole = file.seek(0, 2)
            while whole and _byte_before(file, whole) != b"\n":
                whole -= 1
            if whole != end:
                file.truncate(whole)
        return True


def _byte_before(file: BinaryIO, position: int) -> bytes:
    file.seek(position - 1)
    return bytes(file.read(1))


def _url(text: str) -> sqlalchemy.URL:
    try:
        url = sqlalchemy.make_url(text)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        example = "postgresql://user@host/database or sqlite:////absolute/path.db"
        raise RefusedError(
            f"The storage is not the URL of a database. Write for example {example}."
        ) from error
    except ImportError:
        pass
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_absolute():
        message = (
            "An SQLite storage needs an absolute path: a relative one names another file in another folder."
        )
        raise RefusedError(
            f"{message} Write sqlite:////absolute/path.db, with four slashes, or leave it out."
        )
    return url


def _missing_driver(url: sqlalchemy.URL, error: ImportError) -> str:
    name = error.name or getattr(error.__cause__, "name", None) or "of their driver"
    if url.get_backend_name() == "postgresql":
        remedy = "Install the extra: pip install 'rl-pipeline[postgresql]'"
    else:
        remedy = "Install it with pip, or use a journal file or PostgreSQL."
    return f"Databases of {url.get_backend_name()} need the package {name}, which is not installed. {remedy}"
