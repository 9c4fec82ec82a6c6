"""The complete state of a training, written to a checkpoint and restored from it."""

import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gymnasium.vector import VectorEnv

from rl_pipeline.config.schema import Config
from rl_pipeline.envs.contract import base_env
from rl_pipeline.learners.learner import LearnedPolicy, Learner
from rl_pipeline.learners.parallel.ranks import Ranks, SingleRank, rank_seed
from rl_pipeline.learners.policy_spec import describe_policy
from rl_pipeline.learners.random_state import random_state, restore_random_state
from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.dextgen_files import find_dextgen_files, read_statistics
from rl_pipeline.policies.normalizer_file import NORMALIZER, read_normalizer, write_normalizer
from rl_pipeline.policies.policy import PolicyFileError
from rl_pipeline.policies.spec import write_spec
from rl_pipeline.run.callback_list import CallbackList
from rl_pipeline.run.checkpoints import EXPERIENCE, SHARED, STATE, Checkpoint, CheckpointError, rank_folder
from rl_pipeline.run.environments import (
    load_normalizer_state,
    load_wrapper_states,
    normalizer_state,
    wrapper_states,
)
from rl_pipeline.run.locate import PolicyFiles, find_policy
from rl_pipeline.run.state_file import read_state, write_state

WANDB_ID = re.compile(r"[\w-]{1,128}")
"""Valid ids of runs on W&B; an id becomes part of file names and of an address."""


@dataclass
class Progression:
    """Progress of a run, beside the state of its learner.

    Attributes:
        best_mean_return: The best evaluation so far.
        reference_return: The evaluation that counted as the last improvement.
        evaluations_without_improvement: Number of evaluations since then.
        last_evaluation_timestep: Timestep of the last evaluation.
        evaluation_interval: Timesteps between evaluations that the last one chose; None for the configuration's.
        wandb_id: The W&B run that is resumed with this run.
        minutes: Minutes of training; None if a version that did not count them trained the run.
    """

    best_mean_return: float | None = None
    reference_return: float | None = None
    evaluations_without_improvement: int = 0
    last_evaluation_timestep: int | None = None
    evaluation_interval: int | None = None
    wandb_id: str | None = None
    minutes: float | None = 0.0


def write_policy(folder: Path, learner: Learner, env: VectorEnv) -> None:
    """Write the files that a policy needs to act: the learner's files, the running statistics, and the policy's spec.

    The shared state of the environments, such as the stage of a curriculum, is written beside them for evaluations.

    Raises:
        OSError: The disk is full.
    """
    learner.write_policy(folder)
    statistics = normalizer_state(env)
    if statistics:
        write_normalizer(folder / NORMALIZER, statistics)
    shared = base_env(env).shared_state()
    if shared:
        write_state(folder / SHARED, shared)
    write_spec(describe_policy(env), folder)


def write_training_state(
    folder: Path,
    learner: Learner,
    env: VectorEnv,
    progression: Progression,
    callbacks: CallbackList,
    *,
    experience: bool,
    rank: int = 0,
) -> None:
    """Write the state beside the policy that a training needs to resume.

    Args:
        folder: The folder of a checkpoint.
        learner: The learner between two iterations.
        env: The environment it is trained in.
        progression: Progress of the run.
        callbacks: The user's callbacks.
        experience: Whether to write stored experience, such as a replay buffer.
        rank: Rank of this process.
    """
    folder = rank_folder(folder, rank)
    folder.mkdir(exist_ok=True)
    state = {
        "random": random_state(),
        "learner": learner.state_dict(),
        "environment": base_env(env).state_dict(),
        "wrappers": wrapper_states(env),
        "progression": asdict(progression),
        "callbacks": callbacks.states(),
    }
    write_state(folder / STATE, state)
    stored = learner.experience_dict() if experience else None
    if stored is not None:
        write_state(folder / EXPERIENCE, stored)


def restore_training_state(
    checkpoint: Checkpoint,
    learner: Learner,
    env: VectorEnv,
    callbacks: CallbackList,
    ranks: Ranks | None = None,
    *,
    seed: int = 0,
) -> None:
    """Restore the state of a checkpoint in a new learner and environment of the same configuration.

    If a different number of ranks wrote it, each rank takes over the shared state and the experience of one of
    them, and starts new episodes with new random numbers.

    Args:
        checkpoint: A resumable checkpoint.
        learner: A learner that was started.
        env: The environment it is trained in.
        callbacks: The user's callbacks, which restore their state when they start.
        ranks: The ranks of this training; None for one.
        seed: The configuration's, for new random numbers.

    Raises:
        CheckpointError: The checkpoint is damaged, or belongs to another configuration.
    """
    ranks = ranks or SingleRank()
    load_policy(checkpoint, learner.policy)
    part = checkpoint.part(ranks.rank % checkpoint.n_ranks)
    state = read_state(part / STATE)
    experience = part / EXPERIENCE
    try:
        if experience.exists():
            learner.load_experience_dict(read_state(experience))
        callbacks.resume(state.get("callbacks", ()), checkpoint.path)
        if checkpoint.n_ranks != ranks.size:
            load_statistics(checkpoint, env)
            learner.load_state_dict(_learner_state(state))
            learner.restart_episodes(rank_seed(seed, ranks.rank, checkpoint.timestep))
            return
        base_env(env).load_state_dict(state["environment"])
        load_wrapper_states(env, state["wrappers"])
        learner.load_state_dict(_learner_state(state))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{checkpoint.path} does not fit the configuration: {error}") from error
    restore_random_state(state["random"])


def _learner_state(state: StateDict) -> StateDict:
    """Return the state of the learner; version 0.1.0 stored a part of it separately."""
    if "logger" in state:
        return {**state["learner"], "logger": state["logger"]}
    learner: StateDict = state["learner"]
    return learner


def read_progression(checkpoint: Checkpoint) -> Progression:
    """Read the progress of a run from a checkpoint.

    Raises:
        CheckpointError: The checkpoint is damaged.
    """
    path = checkpoint.path / STATE
    try:
        progression = Progression(**{"minutes": None, **read_state(path)["progression"]})
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged ({error})") from error
    wandb_id = progression.wandb_id
    if wandb_id is not None and not (isinstance(wandb_id, str) and WANDB_ID.fullmatch(wandb_id)):
        raise CheckpointError(f"{path} is damaged: {wandb_id!r} is not the id of a W&B run")
    minutes = progression.minutes
    if minutes is not None and not (isinstance(minutes, float) and 0 <= minutes < math.inf):
        raise CheckpointError(f"{path} is damaged: minutes must be a non-negative number, is {minutes!r}")
    return progression


def load_policy(checkpoint: Checkpoint, policy: LearnedPolicy[Any]) -> None:
    """Load a policy and its statistics; nothing in the files is executed.

    Raises:
        CheckpointError: A file is damaged, or belongs to another policy.
    """
    try:
        policy.load(checkpoint.path)
    except PolicyFileError as error:
        raise CheckpointError(str(error)) from error


def load_pretrained(config: Config, learner: Learner, env: VectorEnv) -> None:
    """Start from the networks and running statistics of an earlier training (`training.pretrained_model`).

    Raises:
        NotFoundError: The policy does not exist.
        CheckpointError: The policy is damaged, or its networks have other shapes.
    """
    name = config.training.pretrained_model
    assert name is not None
    foreign = find_dextgen_files(name, config.environment.id)
    policy = PolicyFiles(foreign, None) if foreign else find_policy(name, Path(config.experiment.folder))
    try:
        learner.load_pretrained(policy.model)
        if foreign is not None:
            load_foreign_statistics(foreign, env)
    except PolicyFileError as error:
        raise CheckpointError(str(error)) from error
    if policy.checkpoint is not None:
        load_statistics(policy.checkpoint, env)


def load_foreign_statistics(folder: Path, env: VectorEnv) -> None:
    """Load the running statistics of a policy of dextgen into an environment; the policy cannot act without them.

    Raises:
        PolicyFileError: The statistics are damaged or of other observations, or the environment does not normalise.
    """
    statistics = read_statistics(folder)
    if not statistics.keys() & normalizer_state(env).keys():
        remedy = "set environment.normalize: {observation: true, clip_observation: 200.0}"
        raise PolicyFileError(f"{folder} holds a policy for normalised observations; {remedy}")
    try:
        load_normalizer_state(env, statistics)
    except (KeyError, ValueError) as error:
        raise PolicyFileError(f"{folder} does not fit {base_env(env).label}: {error}") from error


def load_statistics(checkpoint: Checkpoint, env: VectorEnv) -> None:
    """Load the running statistics of a checkpoint into an environment, if it has any."""
    path = checkpoint.path / NORMALIZER
    if path.exists():
        try:
            statistics = read_normalizer(path)
        except PolicyFileError as error:
            raise CheckpointError(str(error)) from error
        load_normalizer_state(env, statistics)


def follow_training(checkpoint: Checkpoint, env: VectorEnv) -> None:
    """Restore the environments' shared state of a checkpoint for an evaluation, such as the stage of a curriculum.

    Raises:
        CheckpointError: The file is damaged, or of another environment.
    """
    path = checkpoint.path / SHARED
    if path.exists():
        try:
            base_env(env).follow(read_state(path))
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{path} does not fit the environment: {error}") from error
