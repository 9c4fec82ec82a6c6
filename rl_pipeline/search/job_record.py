"""Record of a process that runs a training: its identity, and how it ended."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

MIN_FREE = 2**20
"""Bytes without which a training that fails is taken to fail for want of room: its log may not say so any more."""
SIZE = 256
"""Bytes of a record. All are written at the start, so that an exit status fits on a disk that is full by then."""


@dataclass(frozen=True)
class JobRecord:
    """A process.

    Attributes:
        part: Which of the equal parts of the machine's cores it runs on.
        pid: Its number; None until it has started.
        started: When it started, by which it is told from a later process of the same number.
        exit_status: How it ended, negative for a signal; None while it runs or where nobody saw its end.
    """

    part: int = 0
    pid: int | None = None
    started: str | None = None
    exit_status: int | None = None


def process_start(pid: int) -> str | None:
    """Return when a process started, in ticks of the kernel since the boot that is named; None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return f"{fields[19]} of {boot}"


def free_bytes(descriptor: int) -> int:
    """Return how much room there is on the disk of an open file."""
    disk = os.fstatvfs(descriptor)
    return disk.f_bavail * disk.f_frsize


def write_record(descriptor: int, record: JobRecord) -> None:
    """Replace what an open file says.

    Raises:
        OSError: The disk is full, which cannot happen to a record that was written once.
    """
    os.pwrite(descriptor, json.dumps(asdict(record)).ljust(SIZE).encode(), 0)
    os.fsync(descriptor)


def read_record(path: Path) -> JobRecord:
    """Read a record; one that is missing or was never completed says nothing."""
    try:
        return JobRecord(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return JobRecord()


def try_lock(path: Path) -> int | None:
    """Open and lock a record, which is made if it is missing; None if a living process holds it.

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
