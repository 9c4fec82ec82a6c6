"""Recording of a policy on a robot, in the background of the control loop.

    recorder = Recorder(Path("robot.mcap"), exported.document, exported.sha256, max_bytes=500_000_000)
    recorder.write(cycle)
    recorder.close()

A recording is a series of MCAP files, its parts: `robot_0001.mcap`, `robot_0002.mcap` and so on. The oldest parts
are deleted so that all of them together stay within `max_bytes`: the last minutes before a stop are always kept.
"""

import errno
import json
import re
import secrets
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rl_pipeline.deploy.cycle import Cycle, Event, Level
from rl_pipeline.deploy.recording_part import FORMAT, Part
from rl_pipeline.tracking.background import BackgroundCalls

SUFFIX = ".mcap"
SHARES = 8
"""Number of parts that share `max_bytes`; one of them is reserved for the indexes of the others."""
MIN_BYTES = 2**20
QUEUE = 2000
"""Maximum number of cycles that wait for the disk: four seconds at 500 Hz."""
MAX_WAITING_BYTES = 128 * 2**20
"""Maximum memory of waiting cycles, since cycles with pictures are large."""
RETRY_SECONDS = 5.0
"""Time before a failed disk is tried again."""
CLOSE_SECONDS = 5.0
AT_ONCE: tuple[Level, ...] = ("error", "fatal")
"""Events that are written at once. Others may occur in every cycle, so each would become a chunk."""
PAUSE_SECONDS = 0.02
"""Interval of the recorder's thread, since waking it costs time of the control loop."""
SWITCH_SECONDS = 0.0005
"""Time after which the recorder's thread hands Python's lock to the control loop; Python's default is 5 ms."""


def parts_of(path: Path) -> list[Path]:
    """Find the parts of the recording that a `Recorder` with this path wrote, the oldest first."""
    pattern = re.compile(rf"{re.escape(path.stem)}_(\d{{4,}}){re.escape(SUFFIX)}")
    numbers = {each: pattern.fullmatch(each.name) for each in path.parent.glob(f"*{SUFFIX}")}
    return sorted((each for each in numbers if numbers[each]), key=lambda each: _number(each))


def _number(part: Path) -> int:
    return int(part.stem.rpartition("_")[2])


class Recorder:
    """Writes cycles and events in a separate thread.

    While it records, Python switches between threads every `SWITCH_SECONDS`.

    Args:
        path: Name of the parts, ending in `.mcap`. Parts of an earlier recording of this name are kept, count for
            `max_bytes`, and are deleted first.
        policy_document: Description in the policy's file; see `rl_pipeline.policies.exported`.
        policy_sha256: Checksum of that file.
        max_bytes: Maximum total size of all parts.
        queue: Maximum number of cycles that wait for the disk; more are dropped.

    Attributes:
        failure: Why nothing is recorded at present; None without a problem.

    Raises:
        ValueError: `path` or `max_bytes` cannot be used.
        OSError: The folder cannot be written.
    """

    def __init__(
        self,
        path: Path,
        policy_document: Mapping[str, Any],
        policy_sha256: str,
        *,
        max_bytes: int,
        queue: int = QUEUE,
    ) -> None:
        if path.suffix != SUFFIX:
            raise ValueError(f"the name of a recording must end in {SUFFIX}, '{path}' does not")
        if max_bytes < MIN_BYTES:
            raise ValueError(f"max_bytes must be at least {MIN_BYTES:,}, {max_bytes:,} is less")
        self._path = path
        self._metadata = {
            "format": FORMAT,
            "recording": secrets.token_hex(8),
            "policy_sha256": policy_sha256,
            "policy": json.dumps(policy_document),
        }
        self._part_bytes = max_bytes // SHARES
        self._older = {part: part.stat().st_size for part in parts_of(path)}
        self._next_number = 1 + max(map(_number, self._older), default=0)
        self._cycles = 0
        self._taken = self._written = 0  # bytes of cycles; only one thread changes each
        self._lost = 0
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self.failure: str | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part: Part | None = self._begin_part()
        self._calls = BackgroundCalls("recorder", queue, PAUSE_SECONDS)
        self._switch_seconds = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)

    @property
    def dropped(self) -> int:
        """Cycles and events that were not recorded, because the disk was too slow, full or failed."""
        return self._lost

    def write(self, cycle: Cycle) -> None:
        """Record a cycle; its arrays are copied. Never waits for the disk; only one thread may call this."""
        self._cycles += 1
        size = sum(array.nbytes for array in _arrays(cycle))
        if self._taken - self._written + size > MAX_WAITING_BYTES:
            self._lose(1)
            return
        kept, sequence = _copy(cycle), self._cycles

        def record() -> None:
            self._record(lambda part: part.add(kept, sequence))
            self._written += size

        if self._calls.put(record):
            self._taken += size
        else:
            self._lose(1)

    def event(self, time: int, level: Level, text: str) -> None:
        """Record a stop, a reset or an activation; an error is written at once, with all that came before it.

        Args:
            time: Nanoseconds of the wall clock.
            level: Severity.
            text: Description.
        """
        event, at_once = Event(time, level, text), level in AT_ONCE
        if not self._calls.put(lambda: self._record(lambda part: part.add_event(event), at_once=at_once)):
            self._lose(1)

    def close(self) -> None:
        """Write the waiting cycles; give up if the disk takes longer than `CLOSE_SECONDS`."""
        deadline = time.monotonic() + CLOSE_SECONDS
        is_queued = self._calls.put(self._finish_part, timeout=CLOSE_SECONDS)
        if not (is_queued and self._calls.stop(max(deadline - time.monotonic(), 0.0))):
            self.failure = (
                f"{self._path.parent} did not accept the end of the recording within {CLOSE_SECONDS:g} s"
            )
        sys.setswitchinterval(self._switch_seconds)

    def _record(self, add: Callable[[Part], None], *, at_once: bool = False) -> None:
        """Add a cycle or event to the current part; called in the thread."""
        try:
            if self._part is None:
                if time.monotonic() < self._retry_at:
                    self._lose(1)
                    return
                self._part = self._begin_part()
            add(self._part)
            if at_once or self._part.is_due:
                self._flush(self._part)
        except OSError as error:
            self._leave_part(error)
        except (ValueError, struct.error) as error:  # what no message holds: the part continues without it
            self.failure = str(error)
            self._lose(1)

    def _flush(self, part: Part) -> None:
        if part.size_when_finished > self._part_bytes:
            self._finish_part()
        else:
            part.flush()
            self.failure = None

    def _finish_part(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        try:
            part.finish()
            self._older[part.path] = part.size
            self.failure = None
        except OSError as error:
            self._part = part
            self._leave_part(error)

    def _begin_part(self) -> Part:
        while self._older and sum(self._older.values()) > (SHARES - 2) * self._part_bytes:
            self._delete_oldest()
        path = self._path.with_name(f"{self._path.stem}_{self._next_number:04d}{SUFFIX}")
        part = Part(path, self._metadata)
        self._next_number += 1
        return part

    def _delete_oldest(self) -> None:
        oldest = next(iter(self._older))
        oldest.unlink(missing_ok=True)
        del self._older[oldest]

    def _leave_part(self, error: OSError) -> None:
        """Abandon a part that cannot be written, and free space for the next one if the disk is full."""
        self.failure = f"{self._path.parent}: {error.strerror or error}"
        self._lose(1)
        part, self._part = self._part, None
        if part is not None:
            self._lose(part.waiting_entries)
            part.abandon()
            if part.size:
                self._older[part.path] = part.size
        self._retry_at = time.monotonic() + RETRY_SECONDS
        if error.errno == errno.ENOSPC and len(self._older) > 1:
            self._delete_oldest()
            self._retry_at = 0.0

    def _lose(self, count: int) -> None:
        with self._lock:
            self._lost += count


def _arrays(cycle: Cycle) -> list[Any]:
    observation = cycle.observation
    parts = list(observation.values()) if isinstance(observation, dict) else [observation]
    return [*parts, *(array for array in (cycle.action, cycle.command) if array is not None)]


def _copy(cycle: Cycle) -> Cycle:
    observation, action, command = cycle.observation, cycle.action, cycle.command
    return Cycle(
        cycle.time,
        cycle.state,
        cycle.episode_start,
        {key: part.copy() for key, part in observation.items()}
        if isinstance(observation, dict)
        else observation.copy(),
        None if action is None else action.copy(),
        None if command is None else command.copy(),
    )
