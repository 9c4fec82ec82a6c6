"""A network of a user."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rl_pipeline.learners.acting_network import Tensors
from rl_pipeline.learners.distillation.models import SequenceModel


class MyRNN(SequenceModel):
    """Remembers a moving average of what it sees."""

    def __init__(self, n_inputs: int, n_outputs: int, *, layers: int, width: int, dropout: float) -> None:
        super().__init__(n_inputs, n_outputs, layers=layers, width=width, dropout=dropout)
        self.memories = {"mean": (n_inputs,)}
        self.output = nn.Linear(2 * n_inputs, n_outputs)

    def forward(
        self, inputs: Tensor, memory: Tensors, lengths: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensors]:
        mean, means = memory["mean"], []
        for step in range(inputs.shape[1]):
            mean = 0.9 * mean + 0.1 * inputs[:, step]
            means.append(mean)
        return self.output(torch.cat([inputs, torch.stack(means, dim=1)], dim=2)), {"mean": mean}
