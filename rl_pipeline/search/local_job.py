"""Process that runs one command and records its exit status, for a driver that may have ended.

    python -m rl_pipeline.search.local_job DESCRIPTOR SHARE COMMAND...

The descriptor is an open record (`job_record.py`), locked by `LocalLauncher`. The command inherits it, so the lock
lasts as long as this process or the command lives. SHARE is the share of the cores, such as 0/2, that it runs on.
"""

import os
import signal
import subprocess
import sys
from dataclasses import replace

from rl_pipeline.search.job_record import MIN_FREE, JobRecord, free_bytes, process_start, write_record


def main() -> None:
    """Run the command of the command line."""
    descriptor, share, *command = sys.argv[1:]
    part, n_parts = map(int, share.split("/"))
    cores = share_of_cores(part, n_parts)
    if cores:
        os.sched_setaffinity(0, cores)
    # Handlers, not SIG_IGN: ignored signals stay ignored in the command, which would then miss requests to stop.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[int(descriptor)])
    except OSError as error:
        print(f"{command[0]} cannot be started: {error}", file=sys.stderr)
        write_record(int(descriptor), JobRecord(part, exit_status=1))
        return
    started = JobRecord(part, process.pid, process_start(process.pid))
    write_record(int(descriptor), started)
    status: int | None = process.wait()
    if status and free_bytes(int(descriptor)) < MIN_FREE:
        status = None  # because of a full disk, not because of the command: it counts as ended from outside
    write_record(int(descriptor), replace(started, exit_status=status))


def share_of_cores(part: int, n_parts: int) -> list[int]:
    """Return one of equal parts of the cores that this process may use; none if they cannot be divided so."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    size = len(cores) // n_parts
    return cores[part * size : (part + 1) * size]


if __name__ == "__main__":
    main()
