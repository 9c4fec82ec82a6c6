import random

import numpy as np
import torch

from rl_pipeline.learners.random_state import (
    random_state,
    restore_random_state,
    seed_sampling,
    undisturbed_randomness,
)
from rl_pipeline.run.state_file import read_state, write_state


def draw() -> tuple[float, float, float, float]:
    return random.random(), random.gauss(0, 1), np.random.normal(), torch.randn(1).item()


def test_all_generators_continue_after_a_trip_through_a_file(tmp_path: object) -> None:
    seed_sampling(5)
    draw()  # a second Gaussian of numpy and python is held back now
    write_state(tmp_path / "state.npz", random_state())  # type: ignore[operator]
    expected = [draw() for _ in range(3)]
    seed_sampling(6)
    restore_random_state(read_state(tmp_path / "state.npz"))  # type: ignore[operator]
    assert [draw() for _ in range(3)] == expected


def test_what_happens_undisturbed_leaves_no_trace() -> None:
    seed_sampling(5)
    expected = [draw() for _ in range(2)]
    seed_sampling(5)
    first = draw()
    with undisturbed_randomness():
        seed_sampling(99)
        draw()
    assert [first, draw()] == expected
