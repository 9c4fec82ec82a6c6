"""Comparison of an exported policy's actions with those of its checkpoint."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.contract import BackendVectorEnv
from rl_pipeline.errors import CommandFailedError
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.onnx import OnnxPolicy
from rl_pipeline.policies.policy import Policy
from rl_pipeline.policies.rollout import Rollout
from rl_pipeline.policies.spec import PolicySpec, Signal

N_OBSERVATIONS = 1000
N_ENVIRONMENTS = 4
N_STARTS = 5
"""Number of resets of all environments; more episodes start when one ends."""
LIMIT = 1e-5
"""Largest error of a number of a continuous action; see `Comparison`."""
RESTARTS = 0.05
"""Probability that a sampled observation is the first of an episode."""

Memories = tuple[Any, Any]


class ParityError(CommandFailedError):
    """Raised if an exported policy's actions differ from its checkpoint's; the message says how much and where."""


@dataclass
class Comparison(Policy[Memories]):
    """Acts like a policy, and measures the error of another policy's actions.

    The error of a number of a continuous action is the absolute difference in units of half the range of that number
    if this is above 1 and known, otherwise in units of its value if that is above 1. Other actions are either equal,
    with an error of 0, or different, with an infinite error.

    Attributes:
        reference: The policy of the checkpoint.
        exported: The same policy in an ONNX file.
        action: Description of the actions of both.
        n_observations: Number of observations on which both acted.
        n_episodes: Number of them that started an episode.
        largest_error: The largest error of a number so far.
        place: Location of this error.
    """

    reference: Policy[Any]
    exported: OnnxPolicy
    action: Signal
    n_observations: int = 0
    n_episodes: int = 0
    largest_error: float = 0.0
    place: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take over the attributes of the reference."""
        self.needs_action_masks = self.reference.needs_action_masks
        self.has_memory = self.reference.has_memory

    def act(
        self,
        observations: Observation,
        memory: Memories | None,
        episode_starts: NDArray[np.bool_],
        *,
        deterministic: bool = True,
        action_masks: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[Any], Memories]:
        """See `Policy.act`; the actions are those of the reference."""
        theirs, ours = memory or (None, None)
        expected, theirs = self.reference.act(
            observations, theirs, episode_starts, deterministic=deterministic, action_masks=action_masks
        )
        found, ours = self.exported.act(
            observations, ours, episode_starts, deterministic=deterministic, action_masks=action_masks
        )
        self._measure(np.asarray(expected), np.asarray(found))
        self.n_observations += len(episode_starts)
        self.n_episodes += int(episode_starts.sum())
        return expected, (theirs, ours)

    def _measure(self, expected: NDArray[Any], found: NDArray[Any]) -> None:
        if expected.shape != found.shape:
            raise ParityError(
                f"the exported policy returns actions of shape {found.shape[1:]} instead of {expected.shape[1:]}; "
                "no file was written"
            )
        errors = self._errors(expected, found).reshape(len(expected), -1)
        row, number = np.unravel_index(np.argmax(errors), errors.shape)
        if errors[row, number] > self.largest_error:
            self.largest_error = float(errors[row, number])
            values = (float(array.reshape(errors.shape)[row, number]) for array in (expected, found))
            self.place = {
                "observation": self.n_observations + int(row),
                "number": int(number),
                "name": self.action.names[number] if self.action.names else None,
                **dict(zip(("checkpoint", "exported"), values, strict=True)),
            }

    def _errors(self, expected: NDArray[Any], found: NDArray[Any]) -> NDArray[np.float64]:
        if self.action.kind != "box":
            return np.where(expected == found, 0.0, math.inf)
        ranges = self.action.high.astype(np.float64) - self.action.low
        units = np.where(np.isfinite(ranges), ranges / 2, np.abs(expected))
        errors = np.abs(expected.astype(np.float64) - found) / np.maximum(1.0, units)
        return np.nan_to_num(errors, nan=math.inf)

    def report(self, source: str) -> dict[str, Any]:
        """Return the result as JSON.

        Args:
            source: Origin of the observations.

        Raises:
            ParityError: The largest error is above `LIMIT`.
        """
        if self.largest_error > LIMIT:
            place = self.place
            name = f" ({place['name']})" if place["name"] else ""
            raise ParityError(
                f"the actions of the exported policy differ from its checkpoint's: the largest error is "
                f"{self.largest_error:.3g}, the limit is {LIMIT:g}. Number {place['number']}{name} of the action on "
                f"observation {place['observation']} is {place['exported']!r} instead of {place['checkpoint']!r}. "
                "No file was written"
            )
        return {
            "observations": source,
            "n_observations": self.n_observations,
            "n_episodes": self.n_episodes,
            "largest_error": self.largest_error,
            "limit": LIMIT,
            "place": self.place or None,
        }


def compare_in_episodes(comparison: Comparison, env: BackendVectorEnv, *, seed: int) -> dict[str, Any]:
    """Compare in episodes of the environment, which is reset several times.

    Args:
        comparison: Both policies.
        env: Environments without wrappers.
        seed: Seeds them.

    Raises:
        ParityError: The actions differ.
    """
    n_steps = math.ceil(N_OBSERVATIONS / N_STARTS / env.num_envs)
    for start in range(N_STARTS):
        first_seed = seed + start * env.num_envs
        rollout = Rollout(comparison, env, seed=first_seed, action_masks=env.action_masks)
        for _ in range(n_steps):
            rollout.step()
    return comparison.report("episodes of its environment")


def compare_on_samples(comparison: Comparison, spec: PolicySpec, *, seed: int) -> dict[str, Any]:
    """Compare on random observations within the limits of the spec; without limits, they are normally distributed.

    All actions are allowed.

    Args:
        comparison: Both policies.
        spec: Their spec.
        seed: Seeds the observations.

    Raises:
        ParityError: The actions differ.
    """
    rng = np.random.default_rng(seed)
    n_masked = comparison.exported.n_masked
    masks = np.ones((N_ENVIRONMENTS, n_masked), bool) if n_masked else None
    memory: Memories | None = None
    starts = np.ones(N_ENVIRONMENTS, bool)
    for _ in range(N_OBSERVATIONS // N_ENVIRONMENTS):
        _, memory = comparison.act(_sample(rng, spec), memory, starts, action_masks=masks)
        starts = rng.random(N_ENVIRONMENTS) < RESTARTS
    return comparison.report("random numbers within the limits of the observation")


def _sample(rng: np.random.Generator, spec: PolicySpec) -> Observation:
    if isinstance(spec.observation, Signal):
        return _sample_of(rng, spec.observation)
    parts: Mapping[str, Signal] = spec.observation
    return {key: _sample_of(rng, signal) for key, signal in parts.items()}


def _sample_of(rng: np.random.Generator, signal: Signal) -> NDArray[Any]:
    shape = N_ENVIRONMENTS, *signal.shape
    dtype = np.dtype(signal.dtype)
    if dtype.kind in "iub":
        return rng.integers(signal.low, signal.high, shape, endpoint=True).astype(dtype)
    low, high = signal.low.astype(np.float64), signal.high.astype(np.float64)
    limited = np.isfinite(low) & np.isfinite(high)
    uniform = rng.uniform(np.where(limited, low, 0.0), np.where(limited, high, 1.0), shape)
    normal = np.clip(rng.standard_normal(shape), low, high)
    return np.where(limited, uniform, normal).astype(dtype)
