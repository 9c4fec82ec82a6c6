"""The torch device of a run, and its threads."""

import gymnasium
import torch
from gymnasium import spaces
from stable_baselines3.common.preprocessing import is_image_space

from rl_pipeline.config.errors import Problem

KEY = "training.training.device"


def choose_device(device: str) -> str:
    """Resolve `auto` to `cuda` if torch can use an NVIDIA GPU, otherwise to `cpu`."""
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def check_device(device: str) -> list[Problem]:
    """Return the problem if this machine does not have the configured device."""
    if not device.startswith("cuda"):
        return []
    count = torch.cuda.device_count()
    if count == 0:
        message = "this machine has no NVIDIA GPU that torch can use"
        return [Problem(KEY, message, device, valid=["auto", "cpu"], remedy=f"set {KEY}: auto")]
    index = int(device.partition(":")[2] or 0)
    if index >= count:
        valid = ["auto", "cpu", *(f"cuda:{number}" for number in range(count))]
        return [Problem(KEY, f"this machine has {count} GPU(s)", device, valid=valid)]
    return []


def use_threads(n_threads: int | None, observation_space: gymnasium.Space) -> None:
    """Set the number of torch's threads.

    Args:
        n_threads: Number of threads. None uses one thread for vectors, since more threads slow down the small
            networks of robots, and torch's default for images.
        observation_space: The space of one observation.
    """
    parts = observation_space.values() if isinstance(observation_space, spaces.Dict) else [observation_space]
    if n_threads is None and not any(is_image_space(part) for part in parts):
        n_threads = 1
    if n_threads is not None:
        torch.set_num_threads(n_threads)
