"""The state of an optimizer of torch as plain data."""

from typing import Any

import torch
from torch import Tensor

from rl_pipeline.plain_data import StateDict


def optimizer_state(optimizer: torch.optim.Optimizer) -> StateDict:
    """Return an optimizer's state of each parameter, by the position of the parameter."""
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    return {
        str(index): {
            name: value.cpu().numpy() if isinstance(value, Tensor) else value for name, value in of.items()
        }
        for index, of in state.items()
    }


def restore_optimizer_state(optimizer: torch.optim.Optimizer, state: StateDict) -> None:
    """Restore the result of `optimizer_state`.

    Raises:
        AttributeError, KeyError, TypeError or ValueError: It is the state of another optimizer.
    """
    own = optimizer.state_dict()
    own["state"] = {
        int(index): {name: torch.as_tensor(value) for name, value in of.items()}
        for index, of in state.items()
    }
    optimizer.load_state_dict(own)
