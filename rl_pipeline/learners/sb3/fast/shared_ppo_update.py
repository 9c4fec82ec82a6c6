"""PPO's update by several ranks: gradients are averaged on every minibatch."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from rl_pipeline.learners.parallel.ranks import Ranks
from rl_pipeline.learners.sb3.fast.actor_critic import ActorCritic
from rl_pipeline.learners.sb3.fast.adam import AdamState, TorchAdam, adam_step, clipped, gradient_of
from rl_pipeline.learners.sb3.fast.functions import Array
from rl_pipeline.learners.sb3.fast.ppo_update import Minibatch, PPOMetrics, PPOOptions, PPOUpdate

METRICS = tuple(name for name in PPOMetrics._fields if name != "used")


class SharedPPOUpdate(PPOUpdate):
    """Makes in every rank the update of one process with the joined minibatches of all ranks.

    A minibatch takes two compiled programs, before and after the one call in which the ranks exchange gradient and
    metrics. Advantages are normalised by the mean and deviation of the joined minibatch.

    Args:
        model: The network and distribution to train.
        adam: Its optimizer.
        ranks: All ranks, with rollouts of the same length.

    Raises:
        NotCovered: JAX is not installed.
    """

    def __init__(self, model: ActorCritic, adam: TorchAdam, ranks: Ranks) -> None:
        super().__init__(model, adam)
        self._ranks = ranks
        self._gradient = self._jax.jit(self._gradient_and_metrics, static_argnames="options")
        self._move = self._jax.jit(_move)
        self.run_epoch = self._run_shared_epoch

    def _run_shared_epoch(
        self,
        state: AdamState,
        adam_options: Array,
        rollout: Minibatch,
        permutation: np.ndarray,
        parameters: Mapping[str, float],
        options: PPOOptions,
    ) -> tuple[AdamState, bool, PPOMetrics]:
        """Make one pass over the rollouts of all ranks; see `PPOUpdate`."""
        starts = range(options.batch_size, len(permutation), options.batch_size)
        minibatches = [
            Minibatch(*(array[rows] for array in rollout)) for rows in np.split(permutation, starts)
        ]
        if options.normalize_advantage:
            minibatches = normalized(minibatches, self._ranks)
        compiled_for = options._replace(normalize_advantage=False)
        done, running = [], True
        for minibatch in minibatches:
            shared = np.array(self._gradient(state, minibatch, parameters, options=compiled_for))
            self._ranks.mean(shared)
            gradient, metrics = (
                shared[: -len(METRICS)],
                dict(zip(METRICS, shared[-len(METRICS) :], strict=True)),
            )
            done.append(metrics)
            running = not (options.stops_early and metrics["approx_kl"] > parameters["max_kl"])
            if not running:
                break
            state = self._move(state, gradient, adam_options, parameters["max_grad_norm"])
        columns = {name: np.array([metrics[name] for metrics in done]) for name in METRICS}
        return state, running, PPOMetrics(**columns, used=np.ones(len(done), bool))

    def _gradient_and_metrics(
        self, state: AdamState, minibatch: Minibatch, parameters: Mapping[str, Array], options: PPOOptions
    ) -> Array:
        loss_of = partial(self._loss, batch=minibatch, parameters=parameters, options=options)
        gradient, loss, parts = gradient_of(loss_of, state, self._adam.layout)
        metrics = self._jax.numpy.stack([(parts | {"loss": loss})[name] for name in METRICS])
        return self._jax.numpy.concatenate([gradient, metrics])


def _move(state: AdamState, gradient: Array, adam_options: Array, max_grad_norm: Array) -> AdamState:
    return adam_step(state, clipped(gradient, max_grad_norm), adam_options)


def normalized(minibatches: list[Minibatch], ranks: Ranks) -> list[Minibatch]:
    """Shift and scale the advantages of minibatches as if those of all ranks were joined, one by one.

    Args:
        minibatches: Minibatches of this rank; the other ranks have the same number of equal lengths.
        ranks: All ranks.
    """
    advantages = [minibatch.advantages.astype(np.float64) for minibatch in minibatches]
    means = np.array([values.mean() for values in advantages])
    ranks.mean(means)
    squares = np.array(
        [np.square(values - mean).sum() for values, mean in zip(advantages, means, strict=True)]
    )
    ranks.mean(squares)
    counts = ranks.size * np.array([len(values) for values in advantages])
    scales = np.sqrt(ranks.size * squares / np.maximum(counts - 1, 1)) + 1e-8
    return [
        minibatch._replace(advantages=((values - mean) / scale).astype(np.float32))
        if count > 1
        else minibatch
        for minibatch, values, mean, scale, count in zip(
            minibatches, advantages, means, scales, counts, strict=True
        )
    ]
