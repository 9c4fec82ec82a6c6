"""Objectives of SAC, TD3 and TQC from the outputs of their critics, of shape (n, n_critics, outputs)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from rl_pipeline.learners.sb3.fast.functions import Array


class CriticObjective(Protocol):
    """Value estimate and loss of critics."""

    def future(self, outputs: Array) -> Array:
        """Return the target critics' estimates of the next state's value, shape (n, k)."""

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the loss of the critics for targets of shape (n, k)."""

    def value(self, outputs: Array) -> Array:
        """Return the values, shape (n,), that the actor maximises."""


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
        """Return the smallest estimate, shape (n, 1)."""
        return outputs.min(axis=1)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the sum over the critics of their mean squared errors."""
        return self.loss_scale * ((outputs - targets[:, None]) ** 2).mean(axis=0).sum()

    def value(self, outputs: Array) -> Array:
        """Return the first or the smallest estimate, shape (n,)."""
        return outputs[:, 0, 0] if self.first_only else outputs.min(axis=1)[:, 0]


@dataclass(frozen=True)
class TruncatedQuantiles:
    """Quantiles of all critics without the largest ones (Kuznetsov et al. 2020, arXiv:2005.04269).

    Args:
        n_dropped: Number of quantiles to leave out, over all critics.
    """

    n_dropped: int

    def future(self, outputs: Array) -> Array:
        """Return the quantiles that are kept."""
        return drop_largest(outputs.reshape(len(outputs), -1), self.n_dropped)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the mean quantile Huber loss between all quantiles and all targets."""
        return quantile_huber_loss()(outputs, targets)

    def value(self, outputs: Array) -> Array:
        """Return the mean over all quantiles and critics, shape (n,)."""
        return outputs.mean(axis=(1, 2))


def drop_largest(values: Array, n_dropped: int) -> Array:
    """Return each row without its largest values, in no particular order.

    One pass that keeps the largest values so far: XLA's sort is several times slower on the CPU.

    Args:
        values: Shape (n, k).
        n_dropped: Number of values to leave out of each row.

    Returns:
        Shape (n, k - n_dropped).
    """
    import jax
    import jax.numpy as jnp

    def exchange(largest: tuple[Array, ...], value: Array) -> tuple[tuple[Array, ...], Array]:
        kept = []
        for other in largest:
            kept.append(jnp.maximum(other, value))
            value = jnp.minimum(other, value)
        return tuple(kept), value

    nothing_yet = jnp.full(len(values), -jnp.inf)
    _, released = jax.lax.scan(exchange, (nothing_yet,) * n_dropped, values.T)
    return released[n_dropped:].T


@cache
def quantile_huber_loss() -> Callable[[Array, Array], Array]:
    """Return the quantile Huber loss (Dabney et al. 2017, arXiv:1710.10044, equation 10) with its own derivative.

    Automatic differentiation would store all pairs of quantiles and targets, some hundred thousand numbers, several
    times. Here, one loop over the targets sums loss and derivative without storing them.

    Returns:
        A function of quantiles (n, n_critics, n_quantiles) and targets (n, n_targets), differentiable in the former.
    """
    import jax
    import jax.numpy as jnp

    def sums(quantiles: Array, targets: Array) -> tuple[Array, Array]:
        levels = (jnp.arange(quantiles.shape[2], dtype=jnp.float32) + 0.5) / quantiles.shape[2]

        def add(carry: tuple[Array, Array], target: Array) -> tuple[tuple[Array, Array], None]:
            error = target[:, None, None] - quantiles
            weight = jnp.where(error < 0, 1 - levels, levels)
            slope = jnp.clip(error, -1, 1)
            return (carry[0] + weight * slope * (error - 0.5 * slope), carry[1] - weight * slope), None

        zeros = jnp.zeros_like(quantiles)
        return jax.lax.scan(add, (zeros, zeros), targets.T)[0]

    def forward(quantiles: Array, targets: Array) -> tuple[Array, Array]:
        loss, derivative = sums(quantiles, targets)
        n_pairs = quantiles.size * targets.shape[1]
        return loss.sum() / n_pairs, derivative / n_pairs

    loss = jax.custom_vjp(lambda quantiles, targets: forward(quantiles, targets)[0])
    loss.defvjp(forward, lambda derivative, cotangent: (cotangent * derivative, None))
    return loss
