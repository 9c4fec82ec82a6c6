"""Conversion of recorded episodes to batches: transforms of the environment, windows, padding, and order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.distillation import Distillation
from rl_pipeline.datasets.episode import Episode
from rl_pipeline.datasets.rollouts import RolloutDataset
from rl_pipeline.policies.observations import Observation, as_dict
from rl_pipeline.policies.transforms import Chain, State

Floats = NDArray[np.float32]
BATCHES_SORTED = 16
"""Number of batches whose windows are sorted by length together."""


@dataclass(frozen=True)
class Sequence32:
    """An episode, or a window of one, in the form for a network.

    Attributes:
        inputs: Flat observations after the transforms, (T, ...).
        targets: Flat actions, (T, ...).
        weights: (T,).
    """

    inputs: Floats
    targets: Floats
    weights: Floats

    def window(self, start: int, stop: int) -> "Sequence32":
        """Return some of the steps."""
        return Sequence32(self.inputs[start:stop], self.targets[start:stop], self.weights[start:stop])

    @property
    def nbytes(self) -> int:
        """Its memory in bytes."""
        return self.inputs.nbytes + self.targets.nbytes + self.weights.nbytes


@dataclass(frozen=True)
class Batch:
    """Sequences side by side, padded with zeros at their ends.

    Attributes:
        inputs: (n, T, numbers of an observation).
        targets: (n, T, numbers of an action).
        weights: (n, T), 0 for padding.
        lengths: Steps of each row.
    """

    inputs: Floats
    targets: Floats
    weights: Floats
    lengths: list[int]

    @property
    def n_steps(self) -> int:
        """Steps without padding."""
        return sum(self.lengths)

    @property
    def is_ragged(self) -> bool:
        """Whether there is padding."""
        return min(self.lengths) < max(self.lengths)


def pad(sequences: Sequence[Sequence32]) -> Batch:
    """Put sequences side by side."""
    lengths = [len(one.weights) for one in sequences]
    shape = len(sequences), max(lengths)
    inputs = np.zeros((*shape, sequences[0].inputs.shape[1]), np.float32)
    targets = np.zeros((*shape, sequences[0].targets.shape[1]), np.float32)
    weights = np.zeros(shape, np.float32)
    for row, (one, length) in enumerate(zip(sequences, lengths, strict=True)):
        inputs[row, :length], targets[row, :length], weights[row, :length] = (
            one.inputs,
            one.targets,
            one.weights,
        )
    return Batch(inputs, targets, weights, lengths)


def observe(chain: Chain, episode: Episode) -> Observation:
    """Return a policy's observations of an episode, T + 1 rows, after the transforms of its environment."""
    raw = episode.observations
    if not chain.has_state:
        return chain.observe(raw, [], np.ones(len(episode) + 1, bool))[0]
    states: list[State] = []
    seen = []
    for step in range(len(episode) + 1):
        row = {key: part[step : step + 1] for key, part in as_dict(raw).items()}
        now = row if isinstance(raw, dict) else next(iter(row.values()))
        view, states = chain.observe(now, states, np.array([step == 0]))
        seen.append(view)
        if step < len(episode):
            states = chain.record(episode.actions[step : step + 1], states)
    if isinstance(seen[0], dict):
        return {key: np.concatenate([as_dict(one)[key] for one in seen]) for key in seen[0]}
    return np.concatenate([np.asarray(one) for one in seen])


@dataclass(frozen=True)
class Split:
    """Positions of episodes in a dataset.

    Attributes:
        training: Training episodes.
        validation: Held-out episodes; empty for none.
    """

    training: list[int]
    validation: list[int]


def split(dataset: RolloutDataset, settings: Distillation, seed: int) -> Split:
    """Hold out episodes, or all episodes of some experts; at least one is left for training."""
    experts = [entry.origin.expert for entry in dataset.entries]
    keys: list[str] = experts if settings.split == "expert" else [str(n) for n in range(len(experts))]
    distinct = list(dict.fromkeys(keys))
    order = np.random.default_rng([seed, 0]).permutation(len(distinct))
    n_held_out = min(int(np.ceil(settings.validation * len(distinct))), len(distinct) - 1)
    held_out = {distinct[index] for index in order[:n_held_out]}
    rows = range(len(keys))
    return Split([n for n in rows if keys[n] not in held_out], [n for n in rows if keys[n] in held_out])


class Windows:
    """The sequences of some episodes.

    Args:
        dataset: The episodes.
        positions: Their positions in the dataset.
        prepare: Converts an episode to the form for a network.
        settings: The section `training.distillation`.
    """

    def __init__(
        self,
        dataset: RolloutDataset,
        positions: Sequence[int],
        prepare: Callable[[Episode], Sequence32],
        settings: Distillation,
    ) -> None:
        self._dataset, self._prepare = dataset, prepare
        self._batch_size = settings.batch_size
        self._windows = [
            (position, start, min(start + length, steps))
            for position in positions
            for steps in [dataset.entries[position].steps]
            for length in [settings.sequence_length or steps]
            for start in range(0, steps, length)
        ]
        self._lengths = np.array([stop - start for _, start, stop in self._windows])
        self._cache: dict[int, Sequence32] = {}
        self._room = settings.cache_megabytes * 1_000_000

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return -(-len(self._windows) // self._batch_size)

    def batches(self, order: NDArray[np.int64], first: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch.

        Args:
            order: The order of the windows, as `order` returns it.
            first: The first batch.
        """
        for batch in range(first, len(self)):
            chosen = order[batch * self._batch_size : (batch + 1) * self._batch_size]
            yield pad([self._read(int(index)) for index in chosen])

    def order(self, seed: int, epoch: int) -> NDArray[np.int64]:
        """Return the order of the windows in an epoch, which depends only on the seed and the epoch.

        Groups of `BATCHES_SORTED` random batches are sorted, so that windows of similar lengths form a batch with
        little padding.
        """
        rng = np.random.default_rng([seed, 1, epoch])
        order = rng.permutation(len(self._windows))
        group = BATCHES_SORTED * self._batch_size
        parts = [order[first : first + group] for first in range(0, len(order), group)]
        order = np.concatenate([part[np.argsort(self._lengths[part], kind="stable")] for part in parts])
        n_whole = len(order) // self._batch_size * self._batch_size  # a smaller batch stays the last
        batches = rng.permutation(order[:n_whole].reshape(-1, self._batch_size))
        return np.concatenate((batches.ravel(), order[n_whole:]))

    @property
    def in_order(self) -> NDArray[np.int64]:
        """The windows in sequence."""
        return np.arange(len(self._windows))

    def _read(self, window: int) -> Sequence32:
        position, start, stop = self._windows[window]
        episode = self._cache.get(position)
        if episode is None:
            episode = self._prepare(self._dataset[position])
            if episode.nbytes <= self._room:
                self._room -= episode.nbytes
                self._cache[position] = episode
        return episode.window(start, stop)
