"""Training data of a student: files of rollouts, prepared for the observations of its environment."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from rl_pipeline.config.distillation import Distillation
from rl_pipeline.datasets.episode import Episode, RolloutFileError
from rl_pipeline.datasets.rollouts import RolloutDataset
from rl_pipeline.learners.distillation.data import Sequence32, Windows, observe, split
from rl_pipeline.learners.distillation.weights import make_weights
from rl_pipeline.learners.policy_spec import describe_policy
from rl_pipeline.policies.observations import Observation, as_dict
from rl_pipeline.policies.spec import PolicySpec, Signals, describe_signals
from rl_pipeline.policies.transforms import Chain, Normalize, Transform
from rl_pipeline.wrappers.build import find_wrapper
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.running_statistics import RunningStatistics

Flatten = Callable[[Observation], NDArray[np.float32]]


@dataclass(frozen=True)
class Lessons:
    """Sequences for training and validation.

    Attributes:
        training: Training sequences.
        validation: Held-out sequences.
        fingerprint: Identifies the data: numbers of episodes and of steps, and a checksum of the seeds.
    """

    training: Windows
    validation: Windows
    fingerprint: list[int]


def make_lessons(settings: Distillation, env: VectorEnv, flatten: Flatten, seed: int) -> Lessons:
    """Open the files, fit the normaliser of an environment to them, and prepare their episodes.

    Args:
        settings: The section `training.distillation`.
        env: The environment of the student with its wrappers.
        flatten: Converts observations to rows of numbers.
        seed: Determines the held-out episodes.

    Raises:
        RolloutFileError: A file is damaged, or its episodes are not of this environment.
    """
    dataset = RolloutDataset(settings.files)
    parts = split(dataset, settings, seed)
    _check_fit(dataset, describe_policy(env))

    def episodes() -> Iterator[Episode]:
        return (dataset[position] for position in parts.training)

    _fit_normalizer(env, episodes)
    spec = describe_policy(env)
    weigh = make_weights(settings, episodes)

    def prepare(episode: Episode) -> Sequence32:
        inputs = flatten(observe(spec.chain, episode))[:-1]
        targets = getattr(episode, settings.target).astype(np.float32).reshape(len(episode), -1)
        return Sequence32(inputs, targets, weigh(episode))

    windows = [
        Windows(dataset, positions, prepare, settings) for positions in (parts.training, parts.validation)
    ]
    steps = sum(entry.steps for entry in dataset.entries)
    return Lessons(windows[0], windows[1], [len(dataset), steps, len(parts.validation)])


def _check_fit(dataset: RolloutDataset, spec: PolicySpec) -> None:
    contents = dataset.contents
    if contents.observed == "seen":
        raise RolloutFileError(
            f"{dataset.paths[0]} contains observations after the experts' own normalisation, which the student does "
            "not have; collect without --observations seen"
        )
    if spec.unknown:
        raise RolloutFileError(
            f"environment.wrappers: {', '.join(spec.unknown)} may change observations in unknown ways; "
            "add a method policy_transform() to the wrapper"
        )
    pairs = (
        ("observations", contents.spec.observation, spec.observation),
        ("actions", contents.spec.action, spec.action),
    )
    for what, recorded, needed in pairs:
        if _shapes(recorded) != _shapes(needed):
            raise RolloutFileError(
                f"{dataset.paths[0]} contains {what} {describe_signals(recorded)}; those of the environment are "
                f"{describe_signals(needed)}"
            )


def _shapes(signals: Signals) -> object:
    """Return the form of signals without their dtype: MoCapAct writes float32."""
    if isinstance(signals, dict):
        return {key: (signal.kind, signal.shape) for key, signal in signals.items()}
    return signals.kind, signals.shape


def _fit_normalizer(env: VectorEnv, episodes: Callable[[], Iterator[Episode]]) -> None:
    """Set the normaliser's mean and variance to those of the observations, and freeze it."""
    normalizer = find_wrapper(env, NormalizeObservation)
    if normalizer is None:
        return
    transforms = describe_policy(env).transforms
    before = Chain(_before_normalize(transforms))
    normalizer.training = False
    normalizer.statistics = {
        key: RunningStatistics(own.mean.shape, 0.0) for key, own in normalizer.statistics.items()
    }
    for episode in episodes():
        parts = as_dict(observe(before, episode))
        for key, statistics in normalizer.statistics.items():
            statistics.update(parts[key][:-1])


def _before_normalize(transforms: Sequence[Transform]) -> list[Transform]:
    index = next(index for index, transform in enumerate(transforms) if isinstance(transform, Normalize))
    return list(transforms[:index])
