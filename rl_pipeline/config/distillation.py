"""The section `training.distillation`: one policy learns from the rollouts of others."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rl_pipeline.config.section import NonNegative, Positive, Section, Text

Fraction = Annotated[float, Field(ge=0, lt=1)]
Weights = Literal["bc", "awr", "rwr", "cwr"]

TEMPERATURES: dict[Weights, float] = {"bc": 1.0, "awr": 8.0, "rwr": 4.0, "cwr": 0.2}
"""Those of MoCapAct."""


def _absolute(text: str) -> str:
    return str(Path(text).expanduser().absolute())


class Distillation(Section):
    """Supervised learning of a policy from files that `rl-pipeline collect` wrote, or MoCapAct."""

    files: Annotated[list[Annotated[Text, AfterValidator(_absolute)]], Field(min_length=1)]
    """HDF5 files with rollouts."""
    model: Text = "gru"
    """Network: 'rnn', 'lstm', 'gru', 'mlp', or your own class as 'file.py:Class' or 'package.module:Class'."""
    layers: Positive = 1
    """Layers of the network."""
    width: Positive = 256
    """Units in a layer."""
    dropout: Fraction = 0.0
    """Dropout: fraction of the units of each layer that an update leaves out."""
    inputs: Annotated[list[NonNegative], Field(min_length=1)] | None = None
    """Positions in the flat observation that the network gets, for instance without velocities; null for all."""
    head: Literal["deterministic", "gaussian"] = "deterministic"
    """Actions as numbers, trained with squared errors, or as normal distributions, trained with their likelihood."""
    target: Literal["means", "actions"] = "means"
    """Target of the imitation: the action that the expert chose, or the executed action with noise."""
    weights: Weights = "bc"
    """Weights of the steps, with mean 1: 'bc' gives all the same, 'awr' exp(advantage / temperature), 'rwr'
    exp((value + advantage) / temperature), 'cwr' exp(mean reward of the expert / temperature)."""
    temperature: Annotated[float, Field(gt=0)] | None = None
    """Temperature of the weights; null takes MoCapAct's 8, 4 and 0.2."""
    observation_noise: Annotated[float, Field(ge=0)] = 0.0
    """Standard deviation of the noise on the network's input, after the normalisation."""
    validation: Fraction = 0.1
    """Fraction of the data that is held out for the validation loss."""
    split: Literal["episode", "expert"] = "episode"
    """Unit of the held-out data: episodes, or all episodes of some experts."""
    sequence_length: Positive | None = None
    """Steps in a window, which starts with a zero hidden state; null trains on whole episodes."""
    batch_size: Positive = 8
    """Windows or episodes in an update."""
    learning_rate: Annotated[float, Field(gt=0)] = 5e-4
    """Learning rate of Adam."""
    max_grad_norm: Annotated[float, Field(gt=0)] | None = 1.0
    """Largest norm of the gradient; null for no limit."""
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    """Precision of the computation, as Lightning Fabric names it."""
    cache_megabytes: NonNegative = 2000
    """Memory for episodes that were read; the other episodes are read from the files in every epoch."""

    @property
    def effective_temperature(self) -> float:
        """The temperature, or the default of the weights."""
        return self.temperature or TEMPERATURES[self.weights]
