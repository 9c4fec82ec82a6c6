import numpy as np
import pytest
import torch
from gymnasium import spaces

from rl_pipeline.learners.device import check_device, choose_device, use_threads

VECTOR = spaces.Box(-1, 1, (3,), np.float32)
IMAGE = spaces.Box(0, 255, (36, 36, 3), np.uint8)


def test_auto_takes_what_there_is() -> None:
    assert choose_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu") == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_missing_gpu_is_refused_with_a_remedy(device: str) -> None:
    (problem,) = check_device(device)
    assert problem.key == "training.training.device"
    assert problem.value == device
    assert problem.valid == ["auto", "cpu"]
    assert problem.remedy == "set training.training.device: auto"


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_what_every_machine_has_is_no_problem(device: str) -> None:
    assert check_device(device) == []


@pytest.mark.parametrize(
    ("n_threads", "space", "expected"),
    [
        (None, VECTOR, 1),
        (2, VECTOR, 2),
        (None, IMAGE, 3),
        (2, IMAGE, 2),
        (None, spaces.Dict(a=VECTOR, b=IMAGE), 3),
    ],
)
def test_small_networks_get_one_thread(n_threads: int | None, space: spaces.Space, expected: int) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        use_threads(n_threads, space)
        assert torch.get_num_threads() == expected
    finally:
        torch.set_num_threads(before)
