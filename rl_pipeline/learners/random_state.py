"""The random number generators of a training: those of Python, NumPy and torch."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from rl_pipeline.plain_data import StateDict


def random_state() -> StateDict:
    """Capture the state of the global generators as plain data."""
    version, words, gauss = random.getstate()
    return {
        "python": {"version": version, "words": list(words), "gauss": gauss},
        "numpy": np.random.get_state(legacy=False),
        "torch": torch.get_rng_state().numpy(),
        "cuda": [state.cpu().numpy() for state in _cuda_states()],
    }


def restore_random_state(state: StateDict) -> None:
    """Restore the global generators from a state of `random_state`.

    If the number of GPUs differs, only the GPUs in both are restored.
    """
    python = state["python"]
    random.setstate((python["version"], tuple(python["words"]), python["gauss"]))
    np.random.set_state(state["numpy"])
    torch.set_rng_state(torch.from_numpy(state["torch"].copy()))
    for device, words in enumerate(state["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(torch.from_numpy(words.copy()), device)


def seed_sampling(seed: int) -> None:
    """Seed the generators that sample actions."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@contextmanager
def undisturbed_randomness() -> Iterator[None]:
    """Restore the global generators afterwards, so that an evaluation does not affect the training."""
    state = random_state()
    try:
        yield
    finally:
        restore_random_state(state)


def _cuda_states() -> list[torch.Tensor]:
    return torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
