"""All that a training needs to go on as if it had never stopped, written into a checkpoint and read back."""

import io
import pickle
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from gymnasium.vector import VectorEnv
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.save_util import load_from_zip_file, recursive_getattr

from rl_pipeline.envs.contract import base_env
from rl_pipeline.learners.random_state import random_state, restore_random_state
from rl_pipeline.learners.sb3.logger import logger_state, restore_logger_state
from rl_pipeline.learners.sb3.model_file import save_model
from rl_pipeline.learners.sb3.state import (
    learner_state,
    replay_buffer_state,
    restore_learner_state,
    restore_replay_buffer,
)
from rl_pipeline.learners.sb3.vec_normalize import save_vec_normalize
from rl_pipeline.run.checkpoints import MODEL, NORMALIZER, VEC_NORMALIZE, Checkpoint, CheckpointError
from rl_pipeline.run.environments import (
    load_normalizer_state,
    load_wrapper_states,
    normalizer_state,
    wrapper_states,
)
from rl_pipeline.run.normalizer_file import read_normalizer, write_normalizer
from rl_pipeline.run.state_file import StateFileError, read_state, write_state

WANDB_ID = re.compile(r"[\w-]{1,128}")
"""What W&B takes as the id of a run; it becomes part of the names of files and of an address."""

UNREADABLE = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    EOFError,
    AttributeError,
    TypeError,
    zipfile.BadZipFile,
)
"""What torch and SB3 raise for a file that is damaged, or of something else."""


@dataclass
class Progression:
    """How far a run has come, beside its model.

    Attributes:
        best_mean_return: The best evaluation so far.
        reference_return: The evaluation that counted as the last improvement.
        evaluations_without_improvement: How many evaluations ago that was.
        last_evaluation_timestep: When the last evaluation was made.
        wandb_id: The W&B run that goes on when this one does.
    """

    best_mean_return: float | None = None
    reference_return: float | None = None
    evaluations_without_improvement: int = 0
    last_evaluation_timestep: int | None = None
    wandb_id: str | None = None


def write_policy(folder: Path, model: BaseAlgorithm, env: VectorEnv) -> None:
    """Write what is needed to act: the networks and the running statistics, for us and for stock Stable-Baselines3.

    Raises:
        OSError: The disk is full.
    """
    archive = io.BytesIO()  # on a full disk torch raises all kinds of errors
    save_model(model, archive)
    (folder / MODEL).write_bytes(archive.getbuffer())
    save_vec_normalize(env, folder / VEC_NORMALIZE)
    statistics = normalizer_state(env)
    if statistics:
        write_normalizer(folder / NORMALIZER, statistics)


def write_training_state(
    folder: Path, model: BaseAlgorithm, env: VectorEnv, progression: Progression, *, replay_buffer: bool
) -> None:
    """Write what is needed beside the policy to go on training.

    Args:
        folder: An existing folder.
        model: The model between two iterations.
        env: The environment it is trained in.
        progression: How far the run has come.
        replay_buffer: Whether to write the replay buffer of an off-policy algorithm.
    """
    state = {
        "random": random_state(),
        "learner": learner_state(model),
        "logger": logger_state(model.logger),
        "environment": base_env(env).state_dict(),
        "wrappers": wrapper_states(env),
        "progression": asdict(progression),
    }
    write_state(folder / "state.npz", state)
    if replay_buffer and isinstance(model, OffPolicyAlgorithm) and model.replay_buffer is not None:
        write_state(folder / "replay_buffer.npz", replay_buffer_state(model.replay_buffer))


def restore_training_state(checkpoint: Checkpoint, model: BaseAlgorithm, env: VectorEnv) -> None:
    """Bring a fresh model and environment of the same configuration to where a checkpoint was written.

    Args:
        checkpoint: A resumable checkpoint.
        model: A model on which `_setup_learn` has been called.
        env: The environment it is trained in.

    Raises:
        CheckpointError: The checkpoint is damaged, or belongs to another configuration.
    """
    load_policy(checkpoint, model)
    state = _read(checkpoint.path / "state.npz")
    buffer_file = checkpoint.path / "replay_buffer.npz"
    try:
        if isinstance(model, OffPolicyAlgorithm) and model.replay_buffer is not None and buffer_file.exists():
            restore_replay_buffer(model.replay_buffer, _read(buffer_file))
        base_env(env).load_state_dict(state["environment"])
        load_wrapper_states(env, state["wrappers"])
        restore_learner_state(model, state["learner"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{checkpoint.path} does not fit the configuration: {error}") from error
    restore_logger_state(model.logger, state["logger"])
    restore_random_state(state["random"])


def read_progression(checkpoint: Checkpoint) -> Progression:
    """Read how far a run had come when a checkpoint was written.

    Raises:
        CheckpointError: The checkpoint is damaged.
    """
    path = checkpoint.path / "state.npz"
    try:
        progression = Progression(**_read(path)["progression"])
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged ({error})") from error
    wandb_id = progression.wandb_id
    if wandb_id is not None and not (isinstance(wandb_id, str) and WANDB_ID.fullmatch(wandb_id)):
        raise CheckpointError(f"{path} is damaged: {wandb_id!r} is no id of a W&B run")
    return progression


def load_policy(checkpoint: Checkpoint, model: BaseAlgorithm) -> None:
    """Load networks and optimizers; nothing in the file is executed.

    Raises:
        CheckpointError: The file is damaged, or its networks have other shapes than the model's.
    """
    load_parameters(checkpoint.path / MODEL, model)


def load_parameters(path: Path, model: BaseAlgorithm) -> None:
    """Load networks and optimizers from any `model.zip` of SB3 without executing what its pickles hold.

    Raises:
        CheckpointError: The file is damaged, or its networks have other shapes than the model's.
    """
    try:
        _, parameters, variables = load_from_zip_file(path, device=model.device, load_data=False)
        _refuse_other_optimizers(parameters, model)
        model.set_parameters(parameters, exact_match=True, device=model.device)
    except pickle.UnpicklingError as error:
        remedy = "save networks and optimizers alone, as Stable-Baselines3 does"
        raise CheckpointError(f"{path} holds more than networks, which is not executed; {remedy}") from error
    except UNREADABLE as error:
        raise CheckpointError(f"{path} does not fit this model: {error}") from error
    with torch.no_grad():
        for name, value in (variables or {}).items():
            recursive_getattr(model, name).copy_(value)


def _refuse_other_optimizers(parameters: Mapping[str, Any], model: BaseAlgorithm) -> None:
    """Compare the kinds of the optimizers, since torch takes over the settings of any other kind."""
    for name, saved in parameters.items():
        optimizer = recursive_getattr(model, name, None)
        if isinstance(optimizer, torch.optim.Optimizer):
            own = optimizer.param_groups[0].keys()
            foreign = sorted(saved["param_groups"][0].keys() - own)
            if foreign:
                raise ValueError(f"{name} comes from another kind of optimizer, with {', '.join(foreign)}")


def load_statistics(checkpoint: Checkpoint, env: VectorEnv) -> None:
    """Give an environment the running statistics of a checkpoint, if it has any."""
    path = checkpoint.path / NORMALIZER
    if path.exists():
        load_normalizer_state(env, _read(path, read_normalizer))


def _read(path: Path, read: Callable[[Path], Mapping[str, Any]] = read_state) -> Mapping[str, Any]:
    try:
        return read(path)
    except StateFileError as error:
        raise CheckpointError(str(error)) from error
