"""Gradient steps of SAC, TQC and TD3 by several ranks: gradients are averaged on every minibatch.

A gradient step has two exchanges, since the actor's gradient depends on the updated critics: first the critics'
gradient, then those of actor and entropy coefficient together.
"""

import numpy as np
from sb3_contrib import TQC
from stable_baselines3 import SAC, TD3

from rl_pipeline.config.off_policy import OffPolicy
from rl_pipeline.learners.parallel.ranks import Ranks
from rl_pipeline.learners.sb3.fast.adam import AdamState, Slope
from rl_pipeline.learners.sb3.fast.critic_objectives import CriticObjective
from rl_pipeline.learners.sb3.fast.functions import Array
from rl_pipeline.learners.sb3.fast.replay import Transitions
from rl_pipeline.learners.sb3.fast.soft_actor_critic import NO_OPTIONS, SoftState, SoftUpdate
from rl_pipeline.learners.sb3.fast.td3_update import TD3State, TD3Update


class SharedSoftUpdate(SoftUpdate):
    """Makes in every rank the step of one process with the joined minibatches of all ranks.

    Args:
        model: A `SAC` or `TQC` model.
        objective: Objective of its critics.
        ranks: All ranks.
        options: As for the class for one rank; gradients are limited after they are averaged.

    Raises:
        NotCovered: JAX is missing, or the model has an unknown layer or optimizer.
    """

    def __init__(
        self,
        model: SAC | TQC,
        objective: CriticObjective,
        ranks: Ranks,
        options: OffPolicy = NO_OPTIONS,
    ) -> None:
        super().__init__(model, objective, options)
        self._ranks = ranks
        self._first = self._jax.jit(self._critic_part)
        self._second = self._jax.jit(self._actor_part)
        self._third = self._jax.jit(self._last_part)
        self._gradient_step = self._shared_step

    def _shared_step(
        self,
        state: SoftState,
        batch: Transitions,
        noise: np.ndarray,
        options: np.ndarray,
        numbers: np.ndarray,
    ) -> tuple[SoftState, Array]:
        critic = averaged(self._first(state, batch, noise, numbers), self._ranks)
        moved, actor = self._second(state, critic, batch, noise, options, numbers)
        return self._third(state, moved, critic, averaged(actor, self._ranks), options, numbers)

    def _critic_part(self, state: SoftState, batch: Transitions, noise: Array, numbers: Array) -> Array:
        return self._flat(self._critic_slope(state, batch, noise[1], numbers))

    def _actor_part(
        self,
        state: SoftState,
        shared: Array,
        batch: Transitions,
        noise: Array,
        options: Array,
        numbers: Array,
    ) -> tuple[AdamState, Array]:
        critic = self._adam_step(state.critic, shared[:-1], options[1])
        return critic, self._flat(*self._actor_slopes(state, critic, batch, noise[0], numbers))

    def _last_part(
        self, state: SoftState, critic: AdamState, shared: Array, actor: Array, options: Array, numbers: Array
    ) -> tuple[SoftState, Array]:
        gradient, actor_loss, entropy_gradient, entropy_loss = actor[:-3], actor[-3], actor[-2:-1], actor[-1]
        moved = self._moved(state, critic, gradient, entropy_gradient, options, numbers)
        return moved, self._metrics(state, shared[-1], actor_loss, entropy_loss, numbers)

    def _flat(self, *slopes: Slope) -> Array:
        return self._jax.numpy.concatenate(
            [part for gradient, loss in slopes for part in (gradient, loss[None])]
        )


class SharedTD3Update(TD3Update):
    """The counterpart of `SharedSoftUpdate` for TD3.

    Args:
        model: The model to train.
        ranks: All ranks.
        options: As for the class for one rank; gradients are limited after they are averaged.

    Raises:
        NotCovered: JAX is missing, or the model has an unknown layer or optimizer.
    """

    def __init__(self, model: TD3, ranks: Ranks, options: OffPolicy = NO_OPTIONS) -> None:
        super().__init__(model, options)
        self._ranks = ranks
        self._first = self._jax.jit(self._critic_part)
        self._second = self._jax.jit(self._actor_part, static_argnames="moves_actor")
        self._third = self._jax.jit(self._moved)
        self._gradient_step = self._shared_step

    def _shared_step(
        self,
        state: TD3State,
        batch: Transitions,
        noise: np.ndarray,
        options: np.ndarray,
        numbers: np.ndarray,
        *,
        moves_actor: bool,
    ) -> tuple[TD3State, np.ndarray]:
        shared = averaged(self._first(state, batch, noise, numbers), self._ranks)
        critic, actor = self._second(state, shared, batch, options, moves_actor=moves_actor)
        if not moves_actor:
            return state._replace(critic=critic), np.array([shared[-1], 0.0])
        actor = averaged(actor, self._ranks)
        moved = self._third(state, critic, actor[:-1], options, numbers)
        return moved, np.array([shared[-1], actor[-1]])

    def _critic_part(self, state: TD3State, batch: Transitions, noise: Array, numbers: Array) -> Array:
        return self._flat(self._critic_slope(state, batch, noise, numbers))

    def _actor_part(
        self, state: TD3State, shared: Array, batch: Transitions, options: Array, moves_actor: bool
    ) -> tuple[AdamState, Array | None]:
        critic = self._adam_step(state.critic, shared[:-1], options[1])
        return critic, self._flat(self._actor_slope(state, critic, batch)) if moves_actor else None

    def _flat(self, slope: Slope) -> Array:
        return self._jax.numpy.append(slope.gradient, slope.loss)


def averaged(array: Array, ranks: Ranks) -> np.ndarray:
    """Return the mean over the ranks of an array of JAX."""
    shared = np.array(array)
    ranks.mean(shared)
    return shared
