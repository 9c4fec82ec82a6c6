"""The transforms of `rl_pipeline.policies.transforms` in torch, for exported graphs.

A stage transforms tensors as its transform does arrays. The state of the transform is a memory of the graph; each of
its rows is zero at the start of an episode.
"""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn

from rl_pipeline.learners.acting_network import CannotExportError, Tensors
from rl_pipeline.policies.observations import PLAIN
from rl_pipeline.policies.transforms import AppendActions, Normalize, SelectNumbers, StackFrames, Transform


class Stage(nn.Module, ABC):
    """One transform; its memory has the names, shapes and dtypes of the transform's state."""

    @abstractmethod
    def observe(self, parts: Tensors, memory: Tensors, started: Tensor | None) -> tuple[Tensors, Tensors]:
        """Return the transformed parts of an observation, and the memory after it.

        Args:
            parts: (n, ...) by key.
            memory: (n, ...) by name.
            started: Rows that are not the first of their episode, bool (n,); None without a memory.
        """

    def record(self, actions: Tensor, memory: Tensors) -> Tensors:
        """Return the memory after the policy took actions, (n, ...)."""
        return memory


class NormalizeStage(Stage):
    """`Normalize`, in float64 like NumPy."""

    def __init__(self, transform: Normalize) -> None:
        super().__init__()
        self.clip = transform.clip
        self.mean = {key: torch.as_tensor(mean) for key, mean in transform.mean.items()}
        self.deviation = {
            key: torch.as_tensor(np.sqrt(var + transform.epsilon)) for key, var in transform.var.items()
        }

    def observe(self, parts: Tensors, memory: Tensors, started: Tensor | None) -> tuple[Tensors, Tensors]:
        """See `Stage.observe`."""
        scaled = {key: (parts[key].double() - mean) / self.deviation[key] for key, mean in self.mean.items()}
        return parts | {key: part.clamp(-self.clip, self.clip).float() for key, part in scaled.items()}, {}


class SelectStage(Stage):
    """`SelectNumbers`."""

    def __init__(self, transform: SelectNumbers) -> None:
        super().__init__()
        self.indices = {key: torch.tensor(indices) for key, indices in transform.indices.items()}

    def observe(self, parts: Tensors, memory: Tensors, started: Tensor | None) -> tuple[Tensors, Tensors]:
        """See `Stage.observe`."""
        return parts | {key: parts[key][:, indices] for key, indices in self.indices.items()}, {}


class StackStage(Stage):
    """`StackFrames`."""

    def __init__(self, transform: StackFrames) -> None:
        super().__init__()
        self.transform = transform

    def observe(self, parts: Tensors, memory: Tensors, started: Tensor | None) -> tuple[Tensors, Tensors]:
        """See `Stage.observe`."""
        assert started is not None  # since it stores frames
        stacks = {
            key: self._stack(axis + 1, memory[key], parts[key], started)
            for key, axis in self.transform.axes.items()
        }
        return parts | stacks, stacks

    def _stack(self, axis: int, stack: Tensor, newest: Tensor, started: Tensor) -> Tensor:
        width = newest.shape[axis]
        older = stack.narrow(axis, width, stack.shape[axis] - width)
        filled = torch.cat([newest] * self.transform.n_frames, dim=axis)
        started = started.reshape((-1, *[1] * (newest.dim() - 1)))
        return torch.where(started, torch.cat([older, newest], dim=axis), filled)


class ActionsStage(Stage):
    """`AppendActions`."""

    def __init__(self, transform: AppendActions, *, plain: bool) -> None:
        super().__init__()
        self.transform = transform
        self.plain = plain

    def observe(self, parts: Tensors, memory: Tensors, started: Tensor | None) -> tuple[Tensors, Tensors]:
        """See `Stage.observe`; the memory of a row that starts an episode is already zero."""
        history = memory[self.transform.KEY]
        if self.plain:
            vector = parts[PLAIN]
            return {PLAIN: torch.cat([vector, history.to(vector.dtype)], dim=1)}, memory
        return parts | {self.transform.KEY: history}, memory

    def record(self, actions: Tensor, memory: Tensors) -> Tensors:
        """See `Stage.record`."""
        kept = memory[self.transform.KEY][:, self.transform.action_size :]
        return {self.transform.KEY: torch.cat([kept, self._flatten(actions)], dim=1)}

    def _flatten(self, actions: Tensor) -> Tensor:
        rows = actions.reshape((-1, int(np.prod(actions.shape[1:]))))
        choices = zip(self.transform.n_choices, self.transform.first_choice, strict=True)
        branches = [
            nn.functional.one_hot(rows[:, index].long() - first, n)
            for index, (n, first) in enumerate(choices)
        ]
        return torch.cat(branches, dim=1).float() if branches else rows.float()


def make_stage(transform: Transform, *, plain: bool) -> Stage:
    """Make the stage of a transform.

    Args:
        transform: A transform of a spec.
        plain: Whether the observation is one array.

    Raises:
        CannotExportError: The transform has no stage.
    """
    match transform:
        case Normalize():
            return NormalizeStage(transform)
        case SelectNumbers():
            return SelectStage(transform)
        case StackFrames():
            return StackStage(transform)
        case AppendActions():
            return ActionsStage(transform, plain=plain)
    raise CannotExportError(f"a graph cannot hold the transform {type(transform).__name__}")
