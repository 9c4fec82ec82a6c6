"""Schedules for parameters that SB3 keeps as plain numbers: they are set before every iteration."""

from collections.abc import Mapping

from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.config.schedules import Schedule as ScheduleConfig
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.build import CONSTRUCTOR_SCHEDULES
from rl_pipeline.learners.sb3.parameters import valid_parameters
from rl_pipeline.learners.sb3.schedules import Schedule, make_schedule


def schedulable_parameters(model_class: type[BaseAlgorithm]) -> list[str]:
    """List the rates, ranges and coefficients of an algorithm that `training.schedules` can change."""
    return sorted(
        name
        for name, parameter in valid_parameters(model_class).items()
        if name in CONSTRUCTOR_SCHEDULES or isinstance(parameter.default, float)
    )


def attribute_schedules(configs: Mapping[str, ScheduleConfig]) -> dict[str, Schedule]:
    """Build the schedules that SB3's constructors do not accept."""
    return {
        name: make_schedule(config) for name, config in configs.items() if name not in CONSTRUCTOR_SCHEDULES
    }


def apply_schedules(model: BaseAlgorithm, schedules: Mapping[str, Schedule]) -> None:
    """Set each scheduled attribute of a model to its value at this point of the training."""
    progress_remaining = 1.0 - model.num_timesteps / internals.total_timesteps(model)
    for name, schedule in schedules.items():
        setattr(model, name, schedule(progress_remaining))
