"""Weights of the recorded steps, as in MoCapAct: https://arxiv.org/abs/2208.07363, section 5."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.distillation import Distillation
from rl_pipeline.datasets.episode import Episode, RolloutFileError

Weigh = Callable[[Episode], NDArray[np.float32]]
"""Returns the weights of the steps of an episode, (T,)."""


def make_weights(settings: Distillation, episodes: Callable[[], Iterable[Episode]]) -> Weigh:
    """Return a function that weights the steps of episodes, so that the mean weight of all steps is 1.

    Args:
        settings: The section `training.distillation`.
        episodes: Returns the training episodes; they are read at most twice.

    Raises:
        RolloutFileError: The files have no values or advantages, which the weights need.
    """
    if settings.weights == "bc":
        return lambda episode: np.ones(len(episode), np.float32)
    score = _expert_score(episodes()) if settings.weights == "cwr" else _SCORES[settings.weights]
    temperature = settings.effective_temperature
    total, count = -np.inf, 0
    for episode in episodes():
        scores = score(episode) / temperature
        total, count = np.logaddexp(total, np.logaddexp.reduce(scores)), count + len(scores)
    offset = total - np.log(count)
    return lambda episode: np.exp(score(episode) / temperature - offset).astype(np.float32)


def _advantages(episode: Episode) -> NDArray[np.float64]:
    if episode.advantages is None:
        raise RolloutFileError(_lacking(episode, "awr", "advantages"))
    return episode.advantages.astype(np.float64)


def _returns(episode: Episode) -> NDArray[np.float64]:
    if episode.values is None or episode.advantages is None:
        raise RolloutFileError(_lacking(episode, "rwr", "values and advantages"))
    return episode.values.astype(np.float64) + episode.advantages


def _lacking(episode: Episode, weights: str, what: str) -> str:
    return (
        f"weights: {weights} needs {what}, which {episode.origin.expert} does not have, since it has no "
        "value function; use weights: bc or cwr"
    )


_SCORES: dict[str, Callable[[Episode], NDArray[np.float64]]] = {"awr": _advantages, "rwr": _returns}


def _expert_score(episodes: Iterable[Episode]) -> Callable[[Episode], NDArray[np.float64]]:
    """Score all steps of an expert with its mean reward."""
    rewards: dict[str, float] = defaultdict(float)
    steps: dict[str, int] = defaultdict(int)
    for episode in episodes:
        rewards[episode.origin.expert] += episode.total_reward
        steps[episode.origin.expert] += len(episode)

    def score(episode: Episode) -> NDArray[np.float64]:
        expert = episode.origin.expert  # a held-out expert has no score, and gets the mean weight
        mean = (
            rewards[expert] / steps[expert]
            if expert in steps
            else sum(rewards.values()) / sum(steps.values())
        )
        return np.full(len(episode), mean)

    return score
