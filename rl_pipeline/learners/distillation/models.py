"""Networks that map sequences of observations to sequences of numbers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rl_pipeline.class_path import find_class
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.learners.acting_network import Tensors
from rl_pipeline.learners.distillation.scan import can_scan, scan

KEY = "training.distillation.model"


class SequenceModel(nn.Module, ABC):
    """A network for sequences, with a memory that is zero at the start of an episode.

    Args:
        n_inputs: Number of inputs per step.
        n_outputs: Number of outputs per step.
        layers: Number of layers.
        width: Units in a layer.
        dropout: Fraction of the units that training leaves out.

    Attributes:
        memories: Shape of a row of each memory by name.
    """

    memories: Mapping[str, tuple[int, ...]]

    def __init__(self, n_inputs: int, n_outputs: int, *, layers: int, width: int, dropout: float) -> None:
        super().__init__()
        self.memories = {}

    @abstractmethod
    def forward(
        self, inputs: Tensor, memory: Tensors, lengths: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensors]:
        """Compute the outputs of every step.

        Args:
            inputs: (n, T, n_inputs).
            memory: Values of `memories` by name, (n, ...).
            lengths: Steps of each row, after which `inputs` is padding; None if all rows are full. Outputs for
                padding are not used.

        Returns:
            The outputs, (n, T, n_outputs), and the memory after the last step, which updates ignore.
        """


class Recurrent(SequenceModel):
    """Layers of recurrent cells, and a linear layer."""

    cell: ClassVar[type[nn.RNNBase]]
    names: ClassVar[tuple[str, ...]] = ("hidden",)

    def __init__(self, n_inputs: int, n_outputs: int, *, layers: int, width: int, dropout: float) -> None:
        super().__init__(n_inputs, n_outputs, layers=layers, width=width, dropout=dropout)
        self.memories = dict.fromkeys(self.names, (layers, width))
        between = dropout if layers > 1 else 0.0
        # A cell has no argument `mode`, unlike the base class of all cells.
        self.cells = self.cell(n_inputs, width, layers, batch_first=True, dropout=between)  # type: ignore[arg-type]
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, n_outputs)

    def forward(
        self, inputs: Tensor, memory: Tensors, lengths: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensors]:
        """See `SequenceModel.forward`."""
        states = tuple(memory[name].transpose(0, 1).contiguous() for name in self.names)
        state = states if len(states) > 1 else states[0]
        if can_scan(self.cells, inputs):
            return self.output(self.dropout(scan(self.cells, inputs, states[0], lengths))), {}
        if lengths is None or inputs.device.type == "cpu":  # computing the padding is faster than skipping it
            hidden, following = self.cells(inputs, state)
        else:
            steps = torch.tensor(lengths)
            packed = pack_padded_sequence(inputs, steps, batch_first=True, enforce_sorted=False)
            packed, following = self.cells(packed, state)
            hidden, _ = pad_packed_sequence(packed, batch_first=True, total_length=inputs.shape[1])
        after = following if isinstance(following, tuple) else (following,)
        kept = {name: value.transpose(0, 1) for name, value in zip(self.names, after, strict=True)}
        return self.output(self.dropout(hidden)), kept


class VanillaRNN(Recurrent):
    """Elman's network with tanh, the model of MoCapAct's fork."""

    cell = nn.RNN


class LSTM(Recurrent):
    """Long short-term memory."""

    cell = nn.LSTM
    names = ("hidden", "cell")


class GRU(Recurrent):
    """Gated recurrent units."""

    cell = nn.GRU


class MLP(SequenceModel):
    """A network without a memory, which sees one step at a time."""

    def __init__(self, n_inputs: int, n_outputs: int, *, layers: int, width: int, dropout: float) -> None:
        super().__init__(n_inputs, n_outputs, layers=layers, width=width, dropout=dropout)
        stack: list[nn.Module] = []
        for layer in range(layers):
            stack += [nn.Linear(width if layer else n_inputs, width), nn.ReLU(), nn.Dropout(dropout)]
        self.stack = nn.Sequential(*stack, nn.Linear(width, n_outputs))

    def forward(
        self, inputs: Tensor, memory: Tensors, lengths: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensors]:
        """See `SequenceModel.forward`."""
        return self.stack(inputs), {}


MODELS: dict[str, type[SequenceModel]] = {"rnn": VanillaRNN, "lstm": LSTM, "gru": GRU, "mlp": MLP}


def find_model(name: str) -> type[SequenceModel]:
    """Find a network by its name or its class path.

    Raises:
        ConfigError: The network does not exist.
    """
    found = find_class(name, MODELS, SequenceModel, KEY)  # type: ignore[type-abstract]
    if isinstance(found, Problem):
        raise ConfigError([found])
    return found
