import numpy as np
import pytest
import torch

from rl_pipeline.learners.sb3.fast.jax_backend import load_jax
from rl_pipeline.learners.sb3.fast.tensor_block import CONCATENATED, TensorBlock


@pytest.mark.parametrize("rows", [2, CONCATENATED // 7], ids=["small", "large"])
def test_join_lays_arrays_as_the_block_does(rows: int) -> None:
    tensors = [torch.rand(rows, 7), torch.rand(5), torch.rand(())]
    block = TensorBlock(tensors)
    memory = block.gather(tensors).copy()
    joined = load_jax().jit(block.join)([tensor.numpy() for tensor in tensors])
    np.testing.assert_array_equal(joined, memory)
    for part, tensor in zip(block.split(joined), tensors, strict=True):
        np.testing.assert_array_equal(part, tensor.numpy())
