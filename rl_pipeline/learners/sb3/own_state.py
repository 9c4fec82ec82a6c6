"""The attributes of a model of any algorithm that a checkpoint must contain."""

import pickle
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import recursive_getattr
from stable_baselines3.common.utils import ConstantSchedule, FloatSchedule, LinearSchedule
from torch import nn

from rl_pipeline.learners.learner import UnsavedStateError
from rl_pipeline.learners.plain_values import NotPlainError, decode, encode
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.parameters import constructor_arguments
from rl_pipeline.learners.sb3.schedules import Schedule

SET_UP_ANEW = frozenset(
    {
        # set by the configuration and the environment
        *("action_space", "observation_space", "n_envs", "policy_class", "_stats_window_size"),
        *(
            "env",
            "device",
            "seed",
            "policy",
            "_vec_normalize_env",
            "_total_timesteps",
            "_num_timesteps_at_start",
        ),
        # belongs to this process
        *("_logger", "_custom_logger", "start_time", "processes"),
        # experience that each iteration collects, or that is saved separately
        *("rollout_buffer", "replay_buffer"),
        # saved by `state.py` in its own form
        *("action_noise", "_last_lstm_states"),
        # ARS: the flat parameters of its policy
        "weights",
    }
)
"""Attributes that a new model already has, or that are saved elsewhere."""

SCHEDULES = (FloatSchedule, ConstantSchedule, LinearSchedule, Schedule)
"""Functions of the progress of a training, which hold no state."""


def plain_arguments(model: BaseAlgorithm) -> dict[str, bytes]:
    """Return the plain constructor arguments of a new model, so that changes can be detected."""
    return {name: pickle.dumps(value) for name, value in _arguments(model) if _is_plain(value)}


def own_attributes(
    model: BaseAlgorithm, arguments: Mapping[str, bytes], scheduled: Collection[str]
) -> dict[str, Any]:
    """Capture every attribute of a model that training may change and `model.zip` does not restore.

    These are all attributes that are plain data, apart from `SET_UP_ANEW` and those that the class itself excludes
    (`_excluded_save_params`). A constructor argument is captured only if it has changed since the model was built, so
    that a resumed run may change the others.

    Args:
        model: The model.
        arguments: The result of `plain_arguments` for the new model.
        scheduled: Attributes that a schedule sets before every iteration.

    Raises:
        UnsavedStateError: An attribute is not plain data, and nothing else saves it.
    """
    excluded = _not_saved_here(model)
    own = {name: value for name, value in vars(model).items() if name not in excluded}
    passed = {name for name, _ in _arguments(model)}
    captured = {}
    for name, value in own.items():
        if name in passed:
            if name in scheduled or name not in arguments or pickle.dumps(value) == arguments[name]:
                continue
        elif isinstance(value, SCHEDULES) or _is_in_model_zip(model, value):
            continue
        try:
            captured[name] = encode(value)
        except NotPlainError as error:
            raise _unsaved(model, name, error) from error
    return captured


def restore_own_attributes(model: BaseAlgorithm, attributes: Mapping[str, object]) -> None:
    """Set the attributes captured by `own_attributes`.

    Raises:
        ValueError: A name cannot have been captured.
    """
    excluded = _not_saved_here(model)
    for name, data in attributes.items():
        if name in excluded or callable(getattr(type(model), name, None)):
            raise ValueError(f"'{name}' is not an attribute that {type(model).__name__} saves")
        value, present = decode(data), getattr(model, name, None)
        if isinstance(value, deque) and isinstance(present, deque):
            value = deque(value, maxlen=present.maxlen)
        setattr(model, name, value)


def _arguments(model: BaseAlgorithm) -> Iterator[tuple[str, Any]]:
    names = constructor_arguments(type(model))
    return ((name, value) for name, value in vars(model).items() if name in names)


def _is_plain(value: object) -> bool:
    try:
        encode(value)
    except NotPlainError:
        return False
    return True


def _not_saved_here(model: BaseAlgorithm) -> set[str]:
    modules, tensors = internals.names_in_model_zip(model)
    roots = {name.partition(".")[0] for name in (*modules, *tensors)}
    return {*SET_UP_ANEW, *internals.names_not_in_model_zip(model), *roots}


def _is_in_model_zip(model: BaseAlgorithm, value: object) -> bool:
    """Return whether a module, an optimizer or tensors are those that the model saves under another name."""
    modules, tensors = internals.names_in_model_zip(model)
    saved = [recursive_getattr(model, name) for name in (*modules, *tensors)]
    if isinstance(value, torch.optim.Optimizer):
        return any(value is each for each in saved)
    parts = list(value.state_dict().values()) if isinstance(value, nn.Module) else value
    parts = [parts] if isinstance(parts, torch.Tensor) else parts
    if not isinstance(parts, list | tuple) or not all(isinstance(part, torch.Tensor) for part in parts):
        return False
    return bool(parts) and {part.data_ptr() for part in parts} <= {
        tensor.data_ptr()
        for each in saved
        if isinstance(each, nn.Module | torch.Tensor)
        for tensor in ([each] if isinstance(each, torch.Tensor) else each.state_dict().values())
    }


def _unsaved(model: BaseAlgorithm, name: str, error: NotPlainError) -> UnsavedStateError:
    return UnsavedStateError(
        f"{type(model).__name__}.{name} contains {error}, which a checkpoint cannot store: a resumed training would "
        "lose it. Store it as numbers, strings, NumPy arrays, or lists and dicts of these; name a torch module, "
        "optimizer or tensor in _get_torch_save_params(), or in _excluded_save_params() if the constructor makes it"
    )
