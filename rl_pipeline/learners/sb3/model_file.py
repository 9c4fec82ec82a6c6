"""`model.zip`: written so that Stable-Baselines3 loads it without `rl_pipeline`, read without executing it."""

import copy
import pickle
import zipfile
from collections.abc import Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import cloudpickle
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import load_from_zip_file, recursive_getattr
from stable_baselines3.common.utils import FloatSchedule
from stable_baselines3.her.her_replay_buffer import HerReplayBuffer

import rl_pipeline.models
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.hindsight_replay import HindsightReplayBuffer
from rl_pipeline.learners.sb3.schedules import Schedule
from rl_pipeline.policies.policy import PolicyFileError

cloudpickle.register_pickle_by_value(rl_pipeline.models)  # a model.zip contains the classes of its networks

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
"""Errors of torch and SB3 for a file that is damaged or of another kind."""


def save_model(model: BaseAlgorithm, file: BufferedIOBase) -> None:
    """Write a model like `model.save`, without references to classes of `rl_pipeline`.

    A schedule is written as its present value, since only a training from our checkpoints continues it, and the class
    of a buffer for hindsight replay as that of SB3. Feature extractors of `rl_pipeline.models` are written with their
    code.

    Args:
        model: The model; it is not changed.
        file: An open binary file.
    """
    plain = copy.copy(model)
    for name, value in vars(model).items():
        setattr(plain, name, _known_to_sb3(value, internals.progress_remaining(model)))
    plain.save(file)


def _known_to_sb3(value: object, progress_remaining: float) -> Any:
    if value is HindsightReplayBuffer:
        return HerReplayBuffer
    if isinstance(value, Schedule):
        return value(progress_remaining)
    if isinstance(value, FloatSchedule) and isinstance(value.value_schedule, Schedule):
        return FloatSchedule(value(progress_remaining))
    return value


def load_parameters(path: Path, model: BaseAlgorithm) -> None:
    """Load networks and optimizers from any `model.zip` of SB3 without executing its pickles.

    Raises:
        PolicyFileError: The file is damaged, or its networks have other shapes than the model's.
    """
    try:
        _, parameters, variables = load_from_zip_file(path, device=model.device, load_data=False)
        _refuse_other_optimizers(parameters, model)
        model.set_parameters(parameters, exact_match=True, device=model.device)
    except pickle.UnpicklingError as error:
        remedy = "save only networks and optimizers, as Stable-Baselines3 does"
        raise PolicyFileError(
            f"{path} contains more than networks, which could execute code; {remedy}"
        ) from error
    except UNREADABLE as error:
        remedy = "use the algorithm, the networks and the spaces that the file was saved with"
        raise PolicyFileError(f"{path} does not fit this model: {error}\n    remedy: {remedy}") from error
    with torch.no_grad():
        for name, value in (variables or {}).items():
            recursive_getattr(model, name).copy_(value)


def _refuse_other_optimizers(parameters: Mapping[str, Any], model: BaseAlgorithm) -> None:
    """Compare the kinds of the optimizers, since torch accepts the settings of any other kind."""
    for name, saved in parameters.items():
        optimizer = recursive_getattr(model, name, None)
        if isinstance(optimizer, torch.optim.Optimizer):
            own = optimizer.param_groups[0].keys()
            foreign = sorted(saved["param_groups"][0].keys() - own)
            if foreign:
                raise ValueError(f"{name} comes from another kind of optimizer, with {', '.join(foreign)}")
