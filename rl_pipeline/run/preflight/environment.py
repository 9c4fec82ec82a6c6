"""Checks of the environment: it exists, takes its arguments, and the algorithm can act in it."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.raw_section import section
from rl_pipeline.envs.factory import open_vector_env
from rl_pipeline.learners.registry import find_raw_learner
from rl_pipeline.run.preflight.memory import check_memory
from rl_pipeline.wrappers.build import wrap
from rl_pipeline.wrappers.registry import check_wrappers


def check_environment(raw: Mapping[str, Any]) -> list[Problem]:
    """Make one environment, and look whether the algorithm can act in it."""
    try:
        environment = _environment_to_try(raw)
    except ValidationError:
        return []
    problems = check_wrappers(environment.wrappers)
    if environment.traits.started_by_hand and (refused := _check_evaluation(raw, environment.backend)):
        return problems + refused
    if problems:
        environment = environment.model_copy(update={"wrappers": []})
    try:
        env = wrap(open_vector_env(environment), environment, training=False)
    except ConfigError as error:
        return problems + error.problems
    try:
        learner = find_raw_learner(raw)
        if not isinstance(learner, Problem):
            spaces = env.single_observation_space, env.single_action_space
            problems += learner.check_spaces(raw, *spaces) + check_memory(raw, learner, *spaces)
        return problems
    finally:
        env.close()


def _environment_to_try(raw: Mapping[str, Any]) -> Environment:
    """Describe a single environment, or as many as programs that were started by hand have.

    Raises:
        ValidationError: The block is malformed, which others report.
    """
    block = section(raw, "environment")
    alone = {**block, "n_environments": 1, "n_workers": 0, "render_mode": None}
    environment = Environment.model_validate(alone)
    if environment.traits.started_by_hand and "n_environments" in block:
        return Environment.model_validate({**alone, "n_environments": block["n_environments"]})
    return environment


def _check_evaluation(raw: Mapping[str, Any], backend: str) -> list[Problem]:
    """Refuse evaluations during a training whose programs are there only once."""
    evaluation = section(raw, "training", "training", "eval")
    if evaluation.get("num_evals") == 0 and evaluation.get("frequency") is None:
        return []
    message = "evaluations during the training need programs of their own, which nobody starts"
    remedy = (
        "set training.training.eval.num_evals: 0, the end is evaluated all the same; "
        f"or name a build: environment.{backend}.build_path"
    )
    return [Problem("training.training.eval", message, dict(evaluation), remedy=remedy)]
