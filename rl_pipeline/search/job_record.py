"""Record of a process that runs a training: its identity and its exit status."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

MIN_FREE = 2**20
"""Free bytes below which a failed training counts as a case of a full disk, even if its log does not say so."""
SIZE = 256
"""Bytes of a record. All are written at the start, so that an exit status fits on a disk that becomes full."""


@dataclass(frozen=True)
class JobRecord:
    """A process.

    Attributes:
        part: Index of its part of the machine's cores.
        pid: Its number; None until it has started.
        started: Start time, which distinguishes it from a later process of the same number.
        exit_status: Exit status, negative for a signal; None while it runs or if its end was not observed.
    """

    part: int = 0
    pid: int | None = None
    started: str | None = None
    exit_status: int | None = None


def process_start(pid: int) -> str | None:
    """Return the start time of a process, in the kernel's ticks since the named boot; None if it does not exist."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return f"{fields[19]} of {boot}"


def free_bytes(descriptor: int) -> int:
    """Return the free bytes on the disk of an open file."""
    disk = os.fstatvfs(descriptor)
    return disk.f_bavail * disk.f_frsize


def write_record(descriptor: int, record: JobRecord) -> None:
    """Replace the content of an open record.

    Raises:
        OSError: The disk is full, which cannot happen to a record that was written once.
    """
    os.pwrite(descriptor, json.dumps(asdict(record)).ljust(SIZE).encode(), 0)
    os.fsync(descriptor)


def read_record(path: Path) -> JobRecord:
    """Read a record; a missing or incomplete record has no data."""
    try:
        return JobRecord(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return JobRecord()


def try_lock(path: Path) -> int | None:
    """Open and lock a record, and create it if it is missing; None if a living process holds it.

    The lock belongs to the open file, which child processes inherit.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
