"""Recomputation of a recording's actions, and comparison with the recorded ones."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.deploy.cycle import Cycle, Event
from rl_pipeline.deploy.recording_part import SEQUENCES
from rl_pipeline.deploy.recording_reader import NumberedCycle, RecordingError, RecordingPart
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.policy import Policy
from rl_pipeline.policies.spec import PolicySpec, Signal

TOLERANCE = 1e-5
"""Largest difference, relative to the recorded number if that is greater than 1; exported policies stay below it."""
MAX_EVENTS = 1000


@dataclass(frozen=True)
class Difference:
    """A cycle whose action differs from the recomputed one.

    Attributes:
        path: Its file.
        number: Number of the cycle.
        time: Nanoseconds of the wall clock.
        recorded: The recorded action.
        recomputed: The policy's action.
    """

    path: Path
    number: int
    time: int
    recorded: NDArray[Any]
    recomputed: NDArray[Any]


@dataclass
class Replay:
    """Result of recomputing a recording.

    Attributes:
        cycles: Cycles in the files.
        compared: Cycles whose action was recomputed.
        without_action: Cycles in which the policy was not called.
        without_memory: Cycles whose action depends on cycles that are not in the files.
        missing: Cycles between the others that were not recorded.
        states: Number of cycles in each state.
        times: Times of the first and the last cycle, in nanoseconds.
        largest: Largest absolute difference of two actions; infinite if one is not a number.
        first: The first cycle that differs by more than the tolerance.
        events: The first `MAX_EVENTS` events.
        n_events: Number of events.
        ends_early: Files that end without their index.
        other_files: Checksums of other policy files with which cycles were recorded.
    """

    cycles: int = 0
    compared: int = 0
    without_action: int = 0
    without_memory: int = 0
    missing: int = 0
    states: Counter[str] = field(default_factory=Counter)
    times: tuple[int, int] | None = None
    largest: float = 0.0
    first: Difference | None = None
    events: list[Event] = field(default_factory=list)
    n_events: int = 0
    ends_early: list[Path] = field(default_factory=list)
    other_files: set[str] = field(default_factory=set)

    @property
    def seconds(self) -> float:
        """Time from the first cycle to the last."""
        return 0.0 if self.times is None else (self.times[1] - self.times[0]) / 1e9

    def count(self, cycle: Cycle) -> None:
        """Take a cycle."""
        self.cycles += 1
        self.states[cycle.state] += 1
        self.times = (cycle.time if self.times is None else self.times[0], cycle.time)

    def note(self, event: Event) -> None:
        """Take an event."""
        self.n_events += 1
        if len(self.events) < MAX_EVENTS:
            self.events.append(event)


class Replayer:
    """Passes the observations of a recording to a policy, one cycle after another.

    Args:
        policy: Policy that acts on raw observations.
        spec: Its spec.
        sha256: Checksum of its file; None if it has no separate file.
        tolerance: See `TOLERANCE`.
    """

    def __init__(
        self,
        policy: Policy[Any],
        spec: PolicySpec,
        sha256: str | None = None,
        *,
        tolerance: float = TOLERANCE,
    ) -> None:
        self._policy, self._spec, self._sha256, self._tolerance = policy, spec, sha256, tolerance
        self._memory: Any = None
        self._knows_memory = self._starts = False
        self._last: tuple[str, int] | None = None
        self.result = Replay()

    def replay(self, parts: Iterable[Path]) -> Replay:
        """Recompute the actions in files of one recording, the oldest first.

        Raises:
            RecordingError: A file is damaged, is not a recording, or belongs to a policy with other arrays.
        """
        for path in parts:
            with RecordingPart(path) as part:
                if part.policy_sha256 != self._sha256:
                    self.result.other_files.add(part.policy_sha256)
                for entry in part.entries():
                    if isinstance(entry, Event):
                        self.result.note(entry)
                    else:
                        self._take(entry, part)
                if part.ends_early:
                    self.result.ends_early.append(path)
        return self.result

    def _take(self, numbered: NumberedCycle, part: RecordingPart) -> None:
        cycle = numbered.cycle
        self.result.count(cycle)
        self._note_gap(part.recording, numbered.number)
        self._starts |= cycle.episode_start
        self._knows_memory |= self._starts
        if cycle.action is None:
            self.result.without_action += 1
        elif self._policy.has_memory and not self._knows_memory:
            self.result.without_memory += 1
        else:
            self._compare(numbered, cycle.action, part.path)

    def _note_gap(self, recording: str, number: int) -> None:
        """Clear the policy's memory if cycles are missing."""
        last, self._last = self._last, (recording, number)
        if last is not None and last[0] == recording:
            missing = (number - last[1] - 1) % SEQUENCES
            self.result.missing += missing
            if not missing:
                return
        self._knows_memory = self._starts = False

    def _compare(self, numbered: NumberedCycle, recorded: NDArray[Any], path: Path) -> None:
        cycle = numbered.cycle
        observation = _batch_of_one(cycle.observation, self._spec, path)
        if recorded.shape != self._spec.action.shape:
            raise _other_policy(path, "action", recorded.shape, self._spec.action)
        starts = np.array([self._starts])
        actions, self._memory = self._policy.act(observation, self._memory, starts)
        self._starts = False
        self.result.compared += 1
        difference, differs = _difference(recorded, actions[0], self._tolerance)
        self.result.largest = max(self.result.largest, difference)
        if differs and self.result.first is None:
            self.result.first = Difference(path, numbered.number, cycle.time, recorded, actions[0])


def _batch_of_one(observation: Observation, spec: PolicySpec, path: Path) -> Observation:
    signals = spec.observation
    if isinstance(signals, Signal):
        if isinstance(observation, dict):
            raise _other_policy(path, "observation", ", ".join(map(repr, observation)) or "nothing", signals)
        return _row(observation, signals, "observation", path)
    if not isinstance(observation, dict) or observation.keys() != signals.keys():
        keys = ", ".join(observation) if isinstance(observation, dict) else "one array"
        raise _other_policy(path, "observation", keys, ", ".join(signals))
    return {key: _row(part, signals[key], f"observation '{key}'", path) for key, part in observation.items()}


def _row(array: NDArray[Any], signal: Signal, what: str, path: Path) -> NDArray[Any]:
    if array.shape != signal.shape:
        raise _other_policy(path, what, array.shape, signal)
    return array.astype(signal.dtype)[np.newaxis]


def _other_policy(path: Path, what: str, recorded: object, expected: object) -> RecordingError:
    return RecordingError(
        f"{path} was recorded with another policy: its {what} is {recorded}, that of the given policy is {expected}; "
        "give the run or the policy.onnx that acted"
    )


def _difference(recorded: NDArray[Any], recomputed: NDArray[Any], tolerance: float) -> tuple[float, bool]:
    """Return the largest difference, and whether one is beyond the tolerance; NaN equals NaN."""
    ours, theirs = recorded.astype(np.float64), recomputed.astype(np.float64)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        distances = np.where(same, 0.0, np.nan_to_num(np.abs(ours - theirs), nan=np.inf, posinf=np.inf))
        bounds = tolerance * np.maximum(1.0, np.nan_to_num(np.abs(ours), nan=1.0, posinf=1.0))
    return float(distances.max(initial=0.0)), bool((distances > bounds).any())
