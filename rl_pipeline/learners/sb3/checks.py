"""Checks of the algorithm, its parameters, its networks, its spaces and its memory."""

import math
from collections.abc import Mapping
from typing import Any

from gymnasium import Space
from gymnasium.spaces import Dict
from sb3_contrib import TQC, CrossQ
from stable_baselines3 import SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.config.architecture import Architecture
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import Problem, nearest
from rl_pipeline.config.training import Training
from rl_pipeline.learners.sb3.activation import default_activation
from rl_pipeline.learners.sb3.noise import check_action_noise
from rl_pipeline.learners.sb3.parameters import (
    check_finite,
    check_parameters,
    constructor_arguments,
    valid_parameters,
)
from rl_pipeline.learners.sb3.registry import ALGORITHMS, Algorithm, find_algorithm
from rl_pipeline.learners.sb3.scheduled_attributes import schedulable_parameters
from rl_pipeline.models.registry import (
    check_extractor_arguments,
    find_activation,
    find_feature_extractor,
    find_optimizer,
)
from rl_pipeline.models.rotation_head import MATRIX

HINDSIGHT_KEY = "training.hindsight_replay"
GOAL_OBSERVATIONS = {"observation", "achieved_goal", "desired_goal"}
OFF_POLICY_OPTIONS: dict[str, tuple[type[BaseAlgorithm], ...]] = {
    "random_actions": (CrossQ, SAC, TD3, TQC),
    "max_grad_norm": (CrossQ, SAC, TD3, TQC),
    "action_penalty": (TD3,),
    "target_range": (SAC, TD3, TQC),
}
"""Algorithms that support each option of `training.off_policy`; DDPG counts as TD3."""
STEP_BYTES = 40
"""Rewards, flags, values and log probabilities of a stored step."""
MAX_ROLLOUT = 10_000_000
"""Longer rollouts do not fit in memory, so `check_memory` refuses them; finding their divisors takes seconds."""


def check_algorithm(training: Training, environment: Environment | None) -> list[Problem]:
    """Check the algorithm and its parameters; the environment is None if it is malformed."""
    found = find_algorithm(training.algorithm)
    if isinstance(found, Problem):
        return [found]
    parameters = training.algorithm_parameters
    problems = check_parameters(found.model_class, parameters)
    problems += check_policy(found.model_class, parameters.get("policy"))
    problems += check_layer_norm(found.model_class, parameters.get("policy"), training)
    problems += check_action_noise(parameters.get("action_noise"))
    problems += check_hindsight_replay(found, training)
    problems += check_off_policy(training, found.model_class)
    if environment is not None:
        problems += check_batch_size(found, parameters, environment.n_environments)
    return problems + check_schedules(found.model_class, training.schedules)


def check_policy(model_class: type[BaseAlgorithm], policy: Any) -> list[Problem]:
    """Check the name of the policy."""
    aliases = model_class.policy_aliases
    if policy is None or policy in aliases:
        return []
    key = "training.algorithm_parameters.policy"
    message = f"{model_class.__name__} has no policy of this name"
    remedy = "name one of these, or leave it out to choose it by the observation space"
    return [Problem(key, message, policy, sorted(aliases), nearest(str(policy), aliases), remedy)]


def check_hindsight_replay(algorithm: Algorithm, training: Training) -> list[Problem]:
    """Refuse hindsight replay without a replay buffer, and other arguments for the buffer."""
    if training.hindsight_replay is None:
        return []
    if not _has_replay_buffer(algorithm):
        able = sorted(name for name, other in ALGORITHMS.items() if other.family == "off_policy")
        message = f"{algorithm.model_class.__name__} has no replay buffer"
        remedy = "remove it, or train with one of these algorithms"
        value = training.hindsight_replay.model_dump(exclude_unset=True)
        return [Problem(HINDSIGHT_KEY, message, value, able, remedy=remedy)]
    buffer = training.algorithm_parameters.get("replay_buffer_kwargs")
    key = "training.algorithm_parameters.replay_buffer_kwargs"
    message, remedy = "these arguments have their own section", f"set {HINDSIGHT_KEY} instead"
    return [Problem(key, message, buffer, remedy=remedy)] if buffer else []


def check_off_policy(training: Training, model_class: type[BaseAlgorithm]) -> list[Problem]:
    """Refuse options of `training.off_policy` that the algorithm does not support."""
    options = training.off_policy
    problems = [
        Problem(
            key=f"training.off_policy.{name}",
            message=f"{model_class.__name__} does not support this option",
            value=getattr(options, name),
            valid=sorted(
                able for able, other in ALGORITHMS.items() if issubclass(other.model_class, classes)
            ),
            remedy="remove it, or train with one of these algorithms",
        )
        for name, classes in OFF_POLICY_OPTIONS.items()
        if getattr(options, name) and not issubclass(model_class, classes)
    ]
    gamma = training.algorithm_parameters.get("gamma", 0.0)
    if options.target_range == "sparse" and isinstance(gamma, int | float) and gamma >= 1:
        key, message = "training.off_policy.target_range", f"needs a gamma below 1, but it is {gamma}"
        problems.append(Problem(key, message, remedy="lower gamma, or write [lowest, highest]"))
    return problems


def check_goals(training: Training, environment: Environment, observation: Space) -> list[Problem]:
    """Refuse hindsight replay in an environment without goals."""
    algorithm = find_algorithm(training.algorithm)
    if (
        training.hindsight_replay is None
        or isinstance(algorithm, Problem)
        or not _has_replay_buffer(algorithm)
    ):
        return []
    if isinstance(observation, Dict) and observation.spaces.keys() >= GOAL_OBSERVATIONS:
        return []
    message = f"{environment.id} has no goals; its observation space is {observation}"
    remedy = f"remove it, or observe a mapping with {', '.join(sorted(GOAL_OBSERVATIONS))}"
    value = training.hindsight_replay.model_dump(exclude_unset=True)
    return [Problem(HINDSIGHT_KEY, message, value, remedy=remedy)]


def check_layer_norm(model_class: type[BaseAlgorithm], policy: Any, training: Training) -> list[Problem]:
    """Refuse layer normalisation for a policy without hidden layers."""
    policy_class = model_class.policy_aliases.get(policy)
    if policy_class is None or not training.architecture.layer_norm:
        return []
    found = default_activation(policy_class)
    return [found] if isinstance(found, Problem) else []


def check_batch_size(
    algorithm: Algorithm, parameters: Mapping[str, Any], n_environments: int
) -> list[Problem]:
    """Refuse a batch size that does not divide the rollout."""
    valid = valid_parameters(algorithm.model_class)
    if algorithm.family != "on_policy" or not {"n_steps", "batch_size"} <= valid.keys():
        return []
    n_steps = parameters.get("n_steps", valid["n_steps"].default)
    batch_size = parameters.get("batch_size", valid["batch_size"].default)
    if not all(type(number) is int and number > 0 for number in (n_steps, batch_size)):
        return []
    rollout = n_steps * n_environments
    if rollout % batch_size == 0 or rollout > MAX_ROLLOUT:
        return []
    divisors = [number for number in range(1, rollout + 1) if rollout % number == 0]
    closest = sorted(sorted(divisors, key=lambda divisor: abs(divisor - batch_size))[:4])
    return [
        Problem(
            key="training.algorithm_parameters.batch_size",
            message=f"does not divide the rollout of {n_steps} steps x {n_environments} environments = {rollout}",
            value=batch_size,
            valid=[str(divisor) for divisor in closest],
            remedy="choose a batch size that divides it, or change n_steps",
        )
    ]


def check_schedules(model_class: type[BaseAlgorithm], schedules: Mapping[str, Any]) -> list[Problem]:
    """Refuse schedules of parameters that the algorithm does not have or that are not numbers."""
    valid = schedulable_parameters(model_class)
    message = f"{model_class.__name__} has no parameter of this name that can change over the training"
    return [
        Problem(f"training.schedules.{name}", message, valid=valid, nearest=nearest(name, valid))
        for name in schedules
        if name not in valid
    ]


def check_architecture(architecture: Architecture) -> list[Problem]:
    """Check the classes that the architecture names."""
    problems: list[Problem] = []
    if architecture.features_extractor_class is not None:
        extractor = find_feature_extractor(architecture.features_extractor_class)
        if isinstance(extractor, Problem):
            problems.append(extractor)
        else:
            problems += check_extractor_arguments(extractor, architecture.features_extractor_kwargs)
    for key in ("features_extractor_kwargs", "policy_kwargs"):
        problems += check_finite(f"training.architecture.{key}", getattr(architecture, key))
    finders = {
        find_activation: architecture.activation_fn,
        find_optimizer: architecture.policy_kwargs.get("optimizer_class"),
    }
    for find, name in finders.items():
        found = find(name) if isinstance(name, str) else None
        if isinstance(found, Problem):
            problems.append(found)
    return problems


def check_action_space(training: Training, environment: Environment, space: Space) -> list[Problem]:
    """Refuse an algorithm that cannot act in the action space of an environment."""
    algorithm = find_algorithm(training.algorithm)
    if isinstance(algorithm, Problem) or algorithm.can_act_in(space):
        return []
    able = sorted(name for name, other in ALGORITHMS.items() if other.can_act_in(space))
    message = f"cannot act in the action space of {environment.id}, which is {space}"
    return [Problem("training.algorithm", message, training.algorithm, valid=able)]


def check_rotation_head(training: Training, space: Space) -> list[Problem]:
    """Refuse a head for rotations that the algorithm or the actions do not support."""
    start, algorithm = training.architecture.rotation_head, find_algorithm(training.algorithm)
    if start is None or isinstance(algorithm, Problem):
        return []
    key = "training.architecture.rotation_head"
    if not issubclass(algorithm.model_class, TD3):
        message, remedy = "needs an actor of DDPG or TD3", "remove it, or choose one of these algorithms"
        return [Problem(key, message, training.algorithm, valid=["ddpg", "td3"], remedy=remedy)]
    size = math.prod(space.shape or ())
    if start + MATRIX <= size:
        return []
    message = f"needs {MATRIX} actions from this index on, but an action has {size} numbers"
    return [Problem(key, message, start, remedy="remove it, or name the first number of a rotation matrix")]


def buffer_bytes(
    training: Training, environment: Environment, observation: int, action: int
) -> dict[str, int]:
    """Estimate the memory of the buffer of experience; see `Learner.experience_bytes`."""
    algorithm = find_algorithm(training.algorithm)
    if isinstance(algorithm, Problem):
        return {}
    defaults = valid_parameters(algorithm.model_class)
    parameters = training.algorithm_parameters

    def parameter(name: str) -> int:
        return _natural(parameters.get(name), defaults[name].default)

    step = observation + action + STEP_BYTES
    if "buffer_size" in defaults:
        stored = min(parameter("buffer_size"), training.training.total_timesteps)
        next_observation = 0 if parameters.get("optimize_memory_usage") else observation
        return {"training.algorithm_parameters.buffer_size": stored * (step + next_observation)}
    if "n_steps" in defaults:
        n_steps = parameter("n_steps")
        n_environments = environment.n_environments
        steps_are_more = n_steps > n_environments
        key = "training.algorithm_parameters.n_steps" if steps_are_more else "environment.n_environments"
        return {key: n_steps * n_environments * step}
    return {}


def _has_replay_buffer(algorithm: Algorithm) -> bool:
    return "replay_buffer_class" in constructor_arguments(algorithm.model_class)


def _natural(value: Any, default: int) -> int:
    """Return a parameter that is a non-negative integer, or the default for anything else, which is refused."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return whole if type(whole) is int and whole >= 0 else default
