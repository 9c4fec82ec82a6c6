"""PPO's update as one compiled program per epoch."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from rl_pipeline.learners.sb3.fast.actor_critic import ActorCritic
from rl_pipeline.learners.sb3.fast.adam import AdamState, TorchAdam, descend
from rl_pipeline.learners.sb3.fast.functions import Array, Weights
from rl_pipeline.learners.sb3.fast.jax_backend import load_jax


class Minibatch(NamedTuple):
    """Transitions of a rollout; each array has the same first dimension."""

    observations: Array
    actions: Array
    old_values: Array
    old_log_prob: Array
    advantages: Array
    returns: Array


class PPOOptions(NamedTuple):
    """Properties that the compiled program depends on besides the shapes of its arguments."""

    batch_size: int
    normalize_advantage: bool
    clips_values: bool
    stops_early: bool


class PPOMetrics(NamedTuple):
    """Losses and diagnostics, one number per minibatch; `used` is false for minibatches after an early stop."""

    policy_loss: Array
    value_loss: Array
    entropy_loss: Array
    loss: Array
    approx_kl: Array
    clip_fraction: Array
    used: Array


class PPOUpdate:
    """Runs epochs of PPO (Schulman et al. 2017, arXiv:1707.06347) with SB3's loss.

    Args:
        model: The network and distribution to train.
        adam: Its optimizer.

    Raises:
        NotCovered: JAX is not installed.
    """

    def __init__(self, model: ActorCritic, adam: TorchAdam) -> None:
        self._model = model
        self._adam = adam
        self._jax = load_jax()
        self.run_epoch = self._jax.jit(self._run_epoch, static_argnames="options")

    def _run_epoch(
        self,
        state: AdamState,
        adam_options: Array,
        rollout: Minibatch,
        permutation: Array,
        parameters: Mapping[str, Array],
        options: PPOOptions,
    ) -> tuple[AdamState, Array, PPOMetrics]:
        """Make one pass over a rollout.

        Args:
            state: Parameters and moments before the epoch.
            adam_options: The result of `TorchAdam.options`.
            rollout: All transitions.
            permutation: Order in which the transitions are used.
            parameters: `clip_range`, `clip_range_vf`, `ent_coef`, `vf_coef`, `max_grad_norm`, `max_kl`.
            options: Options of the compiled program.

        Returns:
            The state after the epoch, whether training continues, and metrics of shape (number of minibatches,).
        """
        jax, jnp = self._jax, self._jax.numpy
        n_full = len(permutation) // options.batch_size
        split = n_full * options.batch_size
        shuffled = Minibatch(*(array[permutation] for array in rollout))
        full = Minibatch(*(array[:split].reshape(n_full, -1, *array.shape[1:]) for array in shuffled))
        step = partial(self._step, adam_options=adam_options, parameters=parameters, options=options)
        carry, metrics = jax.lax.scan(step, (state, jnp.asarray(True)), full)
        if split < len(permutation):
            rest = Minibatch(*(array[split:] for array in shuffled))
            carry, last = step(carry, rest)
            metrics = PPOMetrics(*(jnp.append(many, one) for many, one in zip(metrics, last, strict=True)))
        return *carry, metrics

    def _step(
        self,
        carry: tuple[AdamState, Array],
        minibatch: Minibatch,
        adam_options: Array,
        parameters: Mapping[str, Array],
        options: PPOOptions,
    ) -> tuple[tuple[AdamState, Array], PPOMetrics]:
        state, running = carry
        loss_of = partial(self._loss, batch=minibatch, parameters=parameters, options=options)
        updated, loss, parts = descend(
            loss_of, state, adam_options, self._adam.layout, parameters["max_grad_norm"]
        )
        metrics = PPOMetrics(**parts, loss=loss, used=running)
        if options.stops_early:
            running = running & ~(parts["approx_kl"] > parameters["max_kl"])
            chosen = (self._jax.numpy.where(running, *pair) for pair in zip(updated, state, strict=True))
            updated = AdamState(*chosen)
        return (updated, running), metrics

    def _loss(
        self, weights: list[Array], batch: Minibatch, parameters: Mapping[str, Array], options: PPOOptions
    ) -> tuple[Array, dict[str, Array]]:
        jnp = self._jax.numpy
        by_parameter: Weights = dict(zip(self._adam.parameters, weights, strict=True))
        head, values = self._model.network.bind(jnp, by_parameter)(batch.observations)
        log_prob = self._model.distribution.log_prob(jnp, head, by_parameter, batch.actions)
        entropy = self._model.distribution.entropy(jnp, head, by_parameter)
        log_ratio = log_prob - batch.old_log_prob
        ratio = jnp.exp(log_ratio)
        policy_loss = self._policy_loss(ratio, batch.advantages, parameters["clip_range"], options)
        value_loss = self._value_loss(values[:, 0], batch, parameters["clip_range_vf"], options)
        entropy_loss = -jnp.mean(entropy)
        loss = policy_loss + parameters["ent_coef"] * entropy_loss + parameters["vf_coef"] * value_loss
        return loss, {
            "policy_loss": policy_loss,
            "value_loss": value_loss,
            "entropy_loss": entropy_loss,
            "approx_kl": jnp.mean((ratio - 1) - log_ratio),
            "clip_fraction": jnp.mean(jnp.abs(ratio - 1) > parameters["clip_range"]),
        }

    def _policy_loss(self, ratio: Array, advantages: Array, clip_range: Array, options: PPOOptions) -> Array:
        jnp = self._jax.numpy
        if options.normalize_advantage and len(advantages) > 1:
            advantages = (advantages - advantages.mean()) / (advantages.std(ddof=1) + 1e-8)
        clipped = jnp.clip(ratio, 1 - clip_range, 1 + clip_range)
        return -jnp.minimum(advantages * ratio, advantages * clipped).mean()

    def _value_loss(self, values: Array, batch: Minibatch, clip_range: Array, options: PPOOptions) -> Array:
        if options.clips_values:
            change = self._jax.numpy.clip(values - batch.old_values, -clip_range, clip_range)
            values = batch.old_values + change
        return ((batch.returns - values) ** 2).mean()


def used(metric: Array, metrics: PPOMetrics) -> np.ndarray:
    """Return a metric of the minibatches up to the early stop, in float64."""
    return np.asarray(metric, np.float64)[np.asarray(metrics.used)]
