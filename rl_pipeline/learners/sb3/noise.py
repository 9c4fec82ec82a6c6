"""Exploration noise in YAML: `{type: normal, std: 0.1}` or `{type: ornstein_uhlenbeck, std: 0.2}`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.noise import ActionNoise, NormalActionNoise, OrnsteinUhlenbeckActionNoise

from rl_pipeline.config.errors import Problem, nearest

NOISES: dict[str, type[NormalActionNoise | OrnsteinUhlenbeckActionNoise]] = {
    "normal": NormalActionNoise,
    "ornstein_uhlenbeck": OrnsteinUhlenbeckActionNoise,
}

KEY = "training.algorithm_parameters.action_noise"


def check_action_noise(value: object) -> list[Problem]:
    """Return the problems in the YAML form of `action_noise`."""
    if value is None:
        return []
    form = "write {type: normal, std: 0.1} or {type: ornstein_uhlenbeck, std: 0.2}"
    if not isinstance(value, Mapping) or set(value) - {"mean"} != {"type", "std"}:
        return [
            Problem(
                key=KEY,
                message="must be a mapping with type, std and, optionally, mean",
                value=value,
                remedy=form,
            )
        ]
    if value["type"] not in NOISES:
        close = nearest(str(value["type"]), NOISES)
        return [Problem(f"{KEY}.type", "unknown noise", value["type"], valid=sorted(NOISES), nearest=close)]
    numbers = {name: value[name] for name in ("mean", "std") if name in value}
    return [
        Problem(key=f"{KEY}.{name}", message="must be a number", value=number)
        for name, number in numbers.items()
        if isinstance(number, bool) or not isinstance(number, int | float)
    ]


def make_action_noise(value: Mapping[str, Any], action_shape: tuple[int, ...]) -> ActionNoise:
    """Build the noise of one environment, in units of an action scaled to [-1, 1]."""
    mean = np.full(action_shape, float(value.get("mean", 0.0)), dtype=np.float32)
    std = np.full(action_shape, float(value["std"]), dtype=np.float32)
    return NOISES[value["type"]](mean, std)
