"""Selection of the learner for `training.algorithm`."""

from rl_pipeline.class_path import is_class_path, resolve_class
from rl_pipeline.config.draft import Draft
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.training import Training
from rl_pipeline.learners.distillation.learner import DistillationLearner
from rl_pipeline.learners.learner import Learner
from rl_pipeline.learners.sb3.checks import check_architecture
from rl_pipeline.learners.sb3.learner import SB3Learner
from rl_pipeline.learners.sb3.registry import KEY, find_algorithm

DISTILLATION = "distillation"
"""The algorithm that learns from rollouts."""


def find_learner(algorithm: str) -> type[Learner] | Problem:
    """Return the class that trains an algorithm, or a problem with the valid algorithms.

    Args:
        algorithm: `distillation`, the name of an algorithm of Stable-Baselines3 or sb3-contrib, or the class path
            of a user's own algorithm of Stable-Baselines3 or of a user's own `Learner`.
    """
    if algorithm == DISTILLATION:
        return DistillationLearner
    if is_class_path(algorithm):
        try:
            own = resolve_class(algorithm, object, KEY)
        except ConfigError as error:
            return error.problems[0]
        if issubclass(own, Learner):
            return own
    found = find_algorithm(algorithm)
    return found if isinstance(found, Problem) else SB3Learner


def learner_class(training: Training) -> type[Learner]:
    """Return the class that trains a configuration.

    Raises:
        ConfigError: The algorithm does not exist.
    """
    found = find_learner(training.algorithm)
    if isinstance(found, Problem):
        raise ConfigError([found])
    return found


def check_learner(draft: Draft) -> list[Problem]:
    """Return the problems in the algorithm, its parameters and its networks."""
    training = draft.training
    if not draft.is_sound("training.algorithm"):
        return check_architecture(training.architecture)
    found = find_learner(training.algorithm)
    if isinstance(found, Problem):
        return [found, *check_architecture(training.architecture)]
    if training.distillation is not None and training.algorithm != DISTILLATION:
        message = f"is read only by the algorithm {DISTILLATION}, not by {training.algorithm}"
        remedy = f"remove it, set training.algorithm: {DISTILLATION}, or start it with rl-pipeline distill"
        return [Problem("training.distillation", message, remedy=remedy)]
    return found.check(training, draft.environment if draft.is_sound("environment.n_environments") else None)
