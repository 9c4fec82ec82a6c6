"""The torch device of a run."""

import torch

from rl_pipeline.config.errors import Problem

KEY = "training.training.device"


def choose_device(device: str) -> str:
    """Turn `auto` into `cuda` where there is an NVIDIA GPU and into `cpu` elsewhere."""
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def check_device(device: str) -> list[Problem]:
    """Say when this machine does not have the device that a configuration asks for."""
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
