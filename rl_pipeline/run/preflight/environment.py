"""Checks of the environment: it exists, takes its arguments, and the algorithm can act in it."""

from rl_pipeline.config.draft import Draft
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.factory import open_vector_env
from rl_pipeline.learners.registry import find_learner
from rl_pipeline.run.preflight.memory import check_memory
from rl_pipeline.wrappers.build import wrap
from rl_pipeline.wrappers.registry import check_wrappers

SET_FOR_THE_TRIAL = {"n_environments": 1, "n_workers": 0, "render_mode": None}
"""Values of `environment` with which a single environment is tried, independent of the file."""


def check_environment(draft: Draft) -> list[Problem]:
    """Make one environment, and check that the algorithm can act in it."""
    environment = _environment_to_try(draft)
    if environment is None:
        return []
    problems = check_wrappers(environment.wrappers)
    if environment.traits.started_by_hand and (refused := _check_evaluation(draft, environment.backend)):
        return problems + refused
    if problems:
        environment = environment.model_copy(update={"wrappers": []})
    try:
        env = wrap(open_vector_env(environment), environment, training=False)
    except ConfigError as error:
        return problems + error.problems
    try:
        learner = find_learner(draft.training.algorithm)
        if draft.environment and draft.is_sound("training.algorithm") and not isinstance(learner, Problem):
            sections = draft.training, draft.environment
            spaces = env.single_observation_space, env.single_action_space
            problems += learner.check_spaces(*sections, *spaces) + check_memory(*sections, learner, *spaces)
        return problems
    finally:
        env.close()


def _environment_to_try(draft: Draft) -> Environment | None:
    """Describe a single environment, or all environments of programs that were started by hand.

    Returns:
        The section, or None where it has a malformed key that would matter.
    """
    environment, alone = draft.environment, dict(SET_FOR_THE_TRIAL)
    if environment is None:
        return None
    if environment.traits.started_by_hand:
        del alone["n_environments"]
    malformed = {key for key in draft.malformed if key.startswith("environment.")}
    if malformed - {f"environment.{key}" for key in alone}:
        return None
    return environment.model_copy(update=alone)


def _check_evaluation(draft: Draft, backend: str) -> list[Problem]:
    """Refuse evaluations during a training if there is only one set of programs."""
    key, evaluation = "training.training.eval", draft.training.training.eval
    if not draft.is_sound(key) or (evaluation.num_evals == 0 and evaluation.frequency is None):
        return []
    message = "evaluations during the training need separate programs, which cannot be started automatically"
    remedy = (
        f"set {key}.num_evals: 0, the final policy is evaluated anyway; "
        f"or name a build: environment.{backend}.build_path"
    )
    return [Problem(key, message, evaluation.model_dump(exclude_unset=True), remedy=remedy)]
