"""A run's metrics as a CSV file that any spreadsheet opens and that stays readable after a kill."""

import csv
import errno
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from rl_pipeline.atomic import atomic_write
from rl_pipeline.tracking.csv_file import TIMESTEP, read_rows
from rl_pipeline.tracking.writer import Writer


class CsvWriter(Writer):
    """Appends a row per record to a CSV file whose first column is `timestep`.

    Floats are written with `repr`, so they read back exactly. Metrics may appear at any time: the file is
    then rewritten with a wider header. An existing file is continued.

    Args:
        path: The CSV file, e.g. `progress.csv`; its folder must exist.
        prefix: Only metrics whose names start with this are written, e.g. `eval/` for `evaluations.csv`.

    Raises:
        OSError: The file cannot be read or written.
    """

    def __init__(self, path: Path, prefix: str = "") -> None:
        self._path = path
        self._prefix = prefix
        self._columns = self._repair()
        self._file = path.open("ab", buffering=0)

    def write(self, timestep: int, values: Mapping[str, float]) -> None:
        """Append a row; nothing is appended when no metric has the prefix."""
        row = {name: value for name, value in values.items() if name.startswith(self._prefix)}
        if not row:
            return
        added = [name for name in row if name not in self._columns]
        if added:
            self._widen(added)
        cells = [str(timestep), *(_text(row[name]) if name in row else "" for name in self._columns[1:])]
        self._append(_lines([cells]))

    def rewind(self, timestep: int) -> None:
        """Remove the rows after a timestep."""
        header, rows = read_rows(self._path)
        kept = [row for row in rows if int(row[0]) <= timestep]
        if len(kept) < len(rows):
            self._rewrite(header, kept)

    def flush(self) -> None:
        """Wait until all rows are on the disk."""
        os.fsync(self._file.fileno())

    def close(self, status: str) -> None:
        """Flush and close the file."""
        self.flush()
        self._file.close()

    def _repair(self) -> list[str]:
        """Remove an incomplete last line and return the columns."""
        if not self._path.exists():
            return [TIMESTEP]
        complete, end_of_line, half = self._path.read_bytes().rpartition(b"\n")
        if half:
            os.truncate(self._path, len(complete) + len(end_of_line))
        header, _ = read_rows(self._path)
        return header or [TIMESTEP]

    def _widen(self, added: Sequence[str]) -> None:
        header = self._columns + list(added)
        _, rows = read_rows(self._path)
        self._rewrite(header, [row + [""] * len(added) for row in rows])

    def _rewrite(self, header: list[str], rows: Iterable[Sequence[str]]) -> None:
        with atomic_write(self._path) as file:
            file.write(_lines([header, *rows]))
        self._file.close()
        self._file = self._path.open("ab", buffering=0)
        self._columns = header

    def _append(self, line: bytes) -> None:
        """Append a complete line or nothing: a full disk must not leave an incomplete line before the next row."""
        end = self._file.seek(0, os.SEEK_END)
        try:
            if self._file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        except OSError:
            self._file.truncate(end)
            raise


def _text(value: float) -> str:
    return repr(int(value)) if isinstance(value, int | np.integer) else repr(float(value))


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
