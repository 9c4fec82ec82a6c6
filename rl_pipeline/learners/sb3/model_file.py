"""Writes a model as a `model.zip` that Stable-Baselines3 loads where `rl_pipeline` is not installed."""

import copy
from io import BufferedIOBase
from typing import Any

import cloudpickle
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.utils import FloatSchedule

import rl_pipeline.models
from rl_pipeline.learners.sb3.schedules import Schedule

cloudpickle.register_pickle_by_value(rl_pipeline.models)  # a model.zip holds the classes of its networks


def save_model(model: BaseAlgorithm, file: BufferedIOBase) -> None:
    """Write a model as `model.save` does, without references to classes of `rl_pipeline`.

    A schedule is written as its present value, since only a training from our checkpoints continues it. Feature
    extractors of `rl_pipeline.models` are written with their code.

    Args:
        model: The model; it stays as it is.
        file: An open binary file.
    """
    plain = copy.copy(model)
    for name, value in vars(model).items():
        setattr(plain, name, _without_schedule(value, model._current_progress_remaining))
    plain.save(file)


def _without_schedule(value: Any, progress_remaining: float) -> Any:
    if isinstance(value, Schedule):
        return value(progress_remaining)
    if isinstance(value, FloatSchedule) and isinstance(value.value_schedule, Schedule):
        return FloatSchedule(value(progress_remaining))
    return value
