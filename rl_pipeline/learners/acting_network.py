"""A learned policy as a torch module that can be traced into a graph."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from rl_pipeline.errors import UserError

Tensors = dict[str, Tensor]


class CannotExportError(UserError):
    """Raised when a policy cannot be converted to a graph; the message says why."""


class ActingNetwork(nn.Module, ABC):
    """Computes the most likely action, like `Policy.act` with `deterministic=True`.

    A trace of `forward` must be valid for any number of rows, so it must not branch on values.

    Attributes:
        memories: Shape of a row of each memory by name; all numbers are float32, zeros at the start of an episode.
        n_masked: Number of choices of all branches in action masks; 0 for a policy without masks.
    """

    memories: Mapping[str, tuple[int, ...]]
    n_masked: int = 0

    @abstractmethod
    def forward(self, parts: Tensors, memory: Tensors, action_masks: Tensor | None) -> tuple[Tensor, Tensors]:
        """Choose an action for every row.

        Args:
            parts: The transformed observations by key, (n, ...); a plain one has the key `observation`.
            memory: Values of `memories` by name, (n, ...).
            action_masks: Allowed actions, bool (n, n_masked); None for a policy without masks.

        Returns:
            The actions, (n, ...), and the memory for the next call.
        """
