"""Several tensors in one block of memory."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from rl_pipeline.learners.sb3.fast.functions import Array

ALIGNMENT = 64  # bytes; JAX reads an aligned NumPy array without copying it
CONCATENATED = 2**15  # numbers; XLA splits longer loops among threads


class TensorBlock:
    """Stores float32 CPU tensors in one block, so that JAX reads them in place and they are written in one copy.

    Do not write while a JAX computation on `memory` is still running.

    Args:
        tensors: The tensors, or others of the same shapes.

    Attributes:
        memory: The block, a float32 vector that the gathered tensors are views of.
    """

    def __init__(self, tensors: Iterable[torch.Tensor]) -> None:
        self._shapes = [tuple(tensor.shape) for tensor in tensors]
        self._bounds = np.cumsum([0, *(int(np.prod(shape)) for shape in self._shapes)])
        self.memory = aligned_zeros(int(self._bounds[-1]))
        self._parts = self.split(torch.from_numpy(self.memory))
        self._addresses = [part.data_ptr() for part in self._parts]

    def gather(self, tensors: Sequence[torch.Tensor]) -> np.ndarray:
        """Move tensors that are not in the block, such as at first and after loading, into it.

        Args:
            tensors: One per shape. They remain the same objects with the same values.

        Returns:
            `memory`.
        """
        for tensor, part, address in zip(tensors, self._parts, self._addresses, strict=True):
            if tensor.data_ptr() != address:
                part.copy_(tensor.detach())
                tensor.data = part
        return self.memory

    def split(self, vector: Array) -> list[Array]:
        """Split a vector in the layout of the block into one array per tensor, in its shape."""
        return [
            vector[start:stop].reshape(shape)
            for shape, start, stop in zip(self._shapes, self._bounds, self._bounds[1:], strict=False)
        ]

    def join(self, parts: Sequence[Array]) -> Array:
        """Concatenate JAX arrays, one per tensor and in its shape, in the layout of the block.

        XLA fuses bias gradients, which are sums, with a `concatenate`; if it splits that among threads, this takes
        several times as long as the rest of a gradient step. Small vectors are not split.
        """
        import jax
        import jax.numpy as jnp

        rows = [part.reshape(-1) for part in parts]
        if len(self.memory) < CONCATENATED:
            return jnp.concatenate(rows)
        vector = jnp.zeros(len(self.memory))
        for row, start in zip(rows, self._bounds, strict=False):
            vector = jax.lax.dynamic_update_slice(vector, row, (start,))
        return vector


def aligned_zeros(size: int) -> np.ndarray:
    """Return a float32 vector of zeros whose first byte is at a multiple of `ALIGNMENT`."""
    raw = np.zeros(4 * size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + 4 * size].view(np.float32)
