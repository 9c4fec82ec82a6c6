"""PPO's update as one compiled program per epoch."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from rl_pipeline.algorithms.fast.actor_critic import ActorCritic
from rl_pipeline.algorithms.fast.adam import AdamRates, AdamState, ParameterVector, adam_step
from rl_pipeline.algorithms.fast.functions import Array, Weights
from rl_pipeline.algorithms.fast.jax_backend import load_jax


class Minibatch(NamedTuple):
    """Transitions of a rollout; each array has the same first dimension."""

    observations: Array
    actions: Array
    old_values: Array
    old_log_prob: Array
    advantages: Array
    returns: Array


class PPOOptions(NamedTuple):
    """What the compiled program depends on besides the shapes of its arguments."""

    batch_size: int
    normalize_advantage: bool
    clips_values: bool
    stops_early: bool


class PPOMetrics(NamedTuple):
    """Losses and diagnostics, one number per minibatch; `used` is false for those after an early stop."""

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
        vector: Order of the parameters in the flat vectors.

    Raises:
        NotCovered: JAX is not installed.
    """

    def __init__(self, model: ActorCritic, vector: ParameterVector) -> None:
        self._model = model
        self._vector = vector
        self._jax = load_jax()
        self.run_epoch = self._jax.jit(self._run_epoch, static_argnames="options")

    def _run_epoch(
        self,
        state: AdamState,
        rates: AdamRates,
        rollout: Minibatch,
        permutation: Array,
        parameters: Mapping[str, Array],
        options: PPOOptions,
    ) -> tuple[AdamState, Array, PPOMetrics]:
        """Make one pass over a rollout.

        Args:
            state: Parameters and moments before the epoch.
            rates: Rates of the epoch's Adam steps.
            rollout: All transitions.
            permutation: Order in which the transitions are used.
            parameters: `clip_range`, `clip_range_vf`, `ent_coef`, `vf_coef`, `max_grad_norm`, `max_kl`.
            options: What the program is compiled for.

        Returns:
            The state after the epoch, whether training goes on, and metrics of shape (number of minibatches,).
        """
        jax, jnp = self._jax, self._jax.numpy
        n_full = len(permutation) // options.batch_size
        shuffled = Minibatch(*(array[permutation] for array in rollout))
        split = n_full * options.batch_size
        step = partial(self._step, parameters=parameters, options=options)
        stepwise = rates.step_size, rates.bias_correction2_sqrt

        def scan_step(carry: Any, inputs: Any) -> Any:
            minibatch, step_rates = inputs
            return step(
                carry, minibatch, rates._replace(step_size=step_rates[0], bias_correction2_sqrt=step_rates[1])
            )

        full = Minibatch(
            *(array[:split].reshape(n_full, options.batch_size, *array.shape[1:]) for array in shuffled)
        )
        inputs = full, tuple(rate[:n_full] for rate in stepwise)
        carry, metrics = jax.lax.scan(scan_step, (state, jnp.asarray(True)), inputs)
        if split < len(permutation):
            rest = Minibatch(*(array[split:] for array in shuffled)), tuple(rate[-1] for rate in stepwise)
            carry, last = scan_step(carry, rest)
            metrics = PPOMetrics(*(jnp.append(many, one) for many, one in zip(metrics, last, strict=True)))
        return *carry, metrics

    def _step(
        self,
        carry: tuple[AdamState, Array],
        minibatch: Minibatch,
        rates: AdamRates,
        parameters: Mapping[str, Array],
        options: PPOOptions,
    ) -> tuple[tuple[AdamState, Array], PPOMetrics]:
        jnp = self._jax.numpy
        state, running = carry
        gradient_of = self._jax.value_and_grad(self._loss, has_aux=True)
        (loss, parts), gradients = gradient_of(
            self._vector.split(state.parameters), minibatch, parameters, options
        )
        gradient = jnp.concatenate([part.reshape(-1) for part in gradients])
        norm = jnp.sqrt((gradient * gradient).sum())
        gradient *= jnp.minimum(1.0, parameters["max_grad_norm"] / (norm + 1e-6))
        updated = adam_step(state, gradient, rates)
        metrics = PPOMetrics(**parts, loss=loss, used=running)
        if options.stops_early:
            running = running & ~(parts["approx_kl"] > parameters["max_kl"])
            updated = AdamState(
                *(jnp.where(running, new, old) for new, old in zip(updated, state, strict=True))
            )
        return (updated, running), metrics

    def _loss(
        self, weights: list[Array], batch: Minibatch, parameters: Mapping[str, Array], options: PPOOptions
    ) -> tuple[Array, dict[str, Array]]:
        jnp = self._jax.numpy
        by_parameter: Weights = dict(zip(self._vector.parameters, weights, strict=True))
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
    """Give a metric of the minibatches up to the early stop, in float64."""
    return np.asarray(metric, np.float64)[np.asarray(metrics.used)]
