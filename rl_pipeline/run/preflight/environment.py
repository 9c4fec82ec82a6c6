"""Checks of the environment: it exists, takes its arguments, and the algorithm can act in it."""

from collections.abc import Mapping
from typing import Any

import gymnasium
from pydantic import ValidationError

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.factory import open_vector_env
from rl_pipeline.learners.sb3.registry import ALGORITHMS, find_algorithm
from rl_pipeline.run.preflight.algorithm import DEFAULT_ALGORITHM
from rl_pipeline.run.preflight.memory import check_memory
from rl_pipeline.run.preflight.sections import section
from rl_pipeline.wrappers.build import wrap
from rl_pipeline.wrappers.registry import check_wrappers


def check_environment(raw: Mapping[str, Any]) -> list[Problem]:
    """Make one environment, and look whether the algorithm can act in it."""
    try:
        environment = _environment_to_try(raw)
    except ValidationError:
        return []
    problems = check_wrappers(environment.wrappers)
    if environment.is_started_by_hand and (refused := _check_evaluation(raw, environment.backend)):
        return problems + refused
    if problems:
        environment = environment.model_copy(update={"wrappers": []})
    try:
        env = wrap(open_vector_env(environment), environment, training=False)
    except ConfigError as error:
        return problems + error.problems
    try:
        name = section(raw, "training").get("algorithm", DEFAULT_ALGORITHM)
        problems += check_action_space(str(name), environment.id, env.single_action_space)
        algorithm = find_algorithm(str(name))
        if not isinstance(algorithm, Problem):
            problems += check_memory(raw, algorithm, env.single_observation_space, env.single_action_space)
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
    if environment.is_started_by_hand and "n_environments" in block:
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


def check_action_space(algorithm_name: str, environment_id: str, space: gymnasium.Space) -> list[Problem]:
    """Refuse an algorithm that cannot act in an action space."""
    algorithm = find_algorithm(algorithm_name)
    if isinstance(algorithm, Problem) or algorithm.can_act_in(space):
        return []
    able = sorted(name for name, other in ALGORITHMS.items() if other.can_act_in(space))
    message = f"cannot act in the action space of {environment_id}, which is {space}"
    return [Problem("training.algorithm", message, algorithm_name, valid=able)]
