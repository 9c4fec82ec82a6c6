"""What SAC, TD3 and TQC make of the outputs of their critics, which have the shape (n, n_critics, outputs)."""

from dataclasses import dataclass
from typing import Protocol

from rl_pipeline.algorithms.fast.functions import Array


class CriticObjective(Protocol):
    """How critics estimate a state's value and how they are fitted."""

    def future(self, outputs: Array) -> Array:
        """Give the target critics' estimates of the next state's value, shape (n, k)."""

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Give the loss of the critics for targets of shape (n, k)."""

    def value(self, outputs: Array) -> Array:
        """Give the values, shape (n,), that the actor maximises."""


@dataclass(frozen=True)
class ClippedDoubleQ:
    """The smallest of the critics' estimates (Fujimoto et al. 2018, arXiv:1802.09477).

    Args:
        loss_scale: Factor of the squared errors.
        first_only: Whether the actor maximises the first critic instead of the smallest.
    """

    loss_scale: float
    first_only: bool

    def future(self, outputs: Array) -> Array:
        """Give the smallest estimate, shape (n, 1)."""
        return outputs.min(axis=1)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Give the sum over the critics of their mean squared errors."""
        return self.loss_scale * ((outputs - targets[:, None]) ** 2).mean(axis=0).sum()

    def value(self, outputs: Array) -> Array:
        """Give the first or the smallest estimate, shape (n,)."""
        return outputs[:, 0, 0] if self.first_only else outputs.min(axis=1)[:, 0]


@dataclass(frozen=True)
class TruncatedQuantiles:
    """Quantiles of all critics without the largest ones (Kuznetsov et al. 2020, arXiv:2005.04269).

    Args:
        n_dropped: Number of quantiles to leave out, over all critics.
    """

    n_dropped: int

    def future(self, outputs: Array) -> Array:
        """Give the quantiles that are kept, in ascending order."""
        import jax.numpy as jnp

        quantiles = jnp.sort(outputs.reshape(len(outputs), -1), axis=1)
        return quantiles[:, : quantiles.shape[1] - self.n_dropped]

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Give the mean quantile Huber loss between all quantiles and all targets."""
        import jax.numpy as jnp

        n_quantiles = outputs.shape[2]
        levels = ((jnp.arange(n_quantiles) + 0.5) / n_quantiles)[:, None]
        error = targets[:, None, None, :] - outputs[:, :, :, None]
        size = jnp.abs(error)
        huber = jnp.where(size > 1, size - 0.5, 0.5 * error * error)
        return (jnp.abs(levels - (error < 0)) * huber).mean()

    def value(self, outputs: Array) -> Array:
        """Give the mean over all quantiles and critics, shape (n,)."""
        return outputs.mean(axis=(1, 2))
