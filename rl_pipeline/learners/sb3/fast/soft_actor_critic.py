"""The gradient step that SAC and TQC share, as one compiled program."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from sb3_contrib import TQC
from stable_baselines3 import SAC

from rl_pipeline.config.off_policy import OffPolicy
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.fast.adam import AdamState, Slope, TorchAdam, adam_step, clipped, gradient_of
from rl_pipeline.learners.sb3.fast.critic_objectives import CriticObjective
from rl_pipeline.learners.sb3.fast.functions import Array
from rl_pipeline.learners.sb3.fast.jax_backend import load_jax
from rl_pipeline.learners.sb3.fast.off_policy_networks import Critics, SquashedGaussianActor
from rl_pipeline.learners.sb3.fast.replay import Transitions, sample_transitions
from rl_pipeline.learners.sb3.fast.tensor_block import TensorBlock

NO_OPTIONS = OffPolicy()


class SoftState(NamedTuple):
    """Everything that a gradient step changes; `entropy` is log_ent_coef, or None if it is fixed."""

    actor: AdamState
    critic: AdamState
    target: Array
    entropy: AdamState | None


class SoftMetrics(NamedTuple):
    """Metrics of a gradient step."""

    ent_coef: Array
    actor_loss: Array
    critic_loss: Array
    ent_coef_loss: Array


class SoftParameters(NamedTuple):
    """Numbers that a gradient step depends on; `tau` is 0 if the target networks are not updated."""

    tau: Array
    target_entropy: Array
    ent_coef: Array


class SoftUpdate:
    """Makes gradient steps of SAC (Haarnoja et al. 2018, arXiv:1812.05905) as SB3 does.

    Args:
        model: A `SAC` or `TQC` model.
        objective: Objective of its critics.
        options: Limits of its gradients and of the values of its target critics.

    Raises:
        NotCovered: JAX is missing, or the model has an unknown layer or optimizer.
    """

    def __init__(self, model: SAC | TQC, objective: CriticObjective, options: OffPolicy = NO_OPTIONS) -> None:
        self._jax = load_jax()
        self._value_range = options.value_range(model.gamma)
        self._max_grad_norm = options.max_grad_norm or np.inf
        self._model, self._objective, self.policy = model, objective, model.policy
        self._actor, self._critics = SquashedGaussianActor(model.actor), Critics(model.critic)
        self._actor_adam, self._critic_adam = (
            TorchAdam(model.actor.optimizer),
            TorchAdam(model.critic.optimizer),
        )
        self._target = list(model.critic_target.parameters())
        self._target_block = TensorBlock(self._target)
        entropy = model.ent_coef_optimizer
        self._entropy_adam = None if entropy is None else TorchAdam(entropy)
        self._adams = [adam for adam in (self._actor_adam, self._critic_adam, self._entropy_adam) if adam]
        self.optimizers = [adam.optimizer for adam in self._adams]
        self._gradient_step = self._jax.jit(self._step)
        self._sample_actions = self._jax.jit(self._act)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Sample actions in [-1, 1]."""
        noise = torch.empty(len(observations), self._actor.action_dim).normal_().numpy()
        weights = self._actor_adam.layout.gather(self._actor_adam.parameters)
        return np.array(self._sample_actions(weights, observations, noise))

    def run(self, gradient_steps: int, batch_size: int) -> dict[str, float]:
        """Make gradient steps and return the means of their metrics."""
        model, state = self._model, self._read()
        options = np.stack([adam.options() for adam in self._adams])
        metrics = []
        for i in range(gradient_steps):
            batch = sample_transitions(model, batch_size)
            noise = np.stack([torch.empty(batch.actions.shape).normal_().numpy() for _ in range(2)])
            parameters = self._parameters(moves_target=i % model.target_update_interval == 0)
            state, step_metrics = self._gradient_step(state, batch, noise, options, parameters)
            metrics.append(step_metrics)
        self._write(self._jax.block_until_ready(state))
        internals.count_updates(model, gradient_steps)
        columns = zip(SoftMetrics._fields, np.asarray(metrics, np.float64).T, strict=True)
        logged = {name: float(column.mean()) for name, column in columns}
        if self._entropy_adam is None:
            del logged["ent_coef_loss"]
        return logged

    def _parameters(self, *, moves_target: bool) -> np.ndarray:
        fixed = 0.0 if self._entropy_adam else self._model.ent_coef_tensor.item()
        tau = self._model.tau if moves_target else 0.0
        return np.array(SoftParameters(tau, self._model.target_entropy, fixed), np.float32)

    def _read(self) -> SoftState:
        entropy = self._entropy_adam.read() if self._entropy_adam else None
        target = self._target_block.gather(self._target)
        return SoftState(self._actor_adam.read(), self._critic_adam.read(), target, entropy)

    def _write(self, state: SoftState) -> None:
        self._actor_adam.write(state.actor)
        self._critic_adam.write(state.critic)
        np.copyto(self._target_block.memory, state.target)
        if self._entropy_adam and state.entropy:
            self._entropy_adam.write(state.entropy)

    def _step(
        self,
        state: SoftState,
        batch: Transitions,
        noise: Array,
        options: Array,
        numbers: Array,
    ) -> tuple[SoftState, Array]:
        """Make one gradient step.

        Args:
            state: State before it.
            batch: A minibatch of n transitions.
            noise: Standard normal, shape (2, n, action_dim), for the actions in the states and in the next states.
            options: A row of `TorchAdam.options` each for actor, critic and entropy coefficient.
            numbers: The `SoftParameters`.
        """
        critic_slope = self._critic_slope(state, batch, noise[1], numbers)
        critic = self._adam_step(state.critic, critic_slope.gradient, options[1])
        actor_slope, entropy_slope = self._actor_slopes(state, critic, batch, noise[0], numbers)
        moved = self._moved(state, critic, actor_slope.gradient, entropy_slope.gradient, options, numbers)
        return moved, self._metrics(state, critic_slope.loss, actor_slope.loss, entropy_slope.loss, numbers)

    def _critic_slope(self, state: SoftState, batch: Transitions, noise: Array, numbers: Array) -> Slope:
        targets = self._targets(state, batch, noise, self._ent_coef(state, numbers))
        loss = partial(self._critic_loss, batch=batch, targets=targets)
        return Slope(*gradient_of(loss, state.critic, self._critic_adam.layout)[:2])

    def _actor_slopes(
        self, state: SoftState, critic: AdamState, batch: Transitions, noise: Array, numbers: Array
    ) -> tuple[Slope, Slope]:
        """Return the gradients of actor and entropy coefficient after the update of the critics."""
        ent_coef = self._ent_coef(state, numbers)
        loss = partial(self._actor_loss, critic=critic, batch=batch, noise=noise, ent_coef=ent_coef)
        gradient, value, log_prob = gradient_of(loss, state.actor, self._actor_adam.layout)
        if not (state.entropy and self._entropy_adam):
            nothing = self._jax.numpy.zeros(())
            return Slope(gradient, value), Slope(nothing[None], nothing)
        excess = log_prob + SoftParameters(*numbers).target_entropy
        entropy_loss = partial(self._entropy_loss, excess=excess)
        entropy = gradient_of(entropy_loss, state.entropy, self._entropy_adam.layout)
        return Slope(gradient, value), Slope(*entropy[:2])

    def _moved(
        self,
        state: SoftState,
        critic: AdamState,
        actor_gradient: Array,
        entropy_gradient: Array,
        options: Array,
        numbers: Array,
    ) -> SoftState:
        tau = SoftParameters(*numbers).tau
        actor = self._adam_step(state.actor, actor_gradient, options[0])
        target = state.target * (1 - tau) + tau * critic.parameters
        entropy = adam_step(state.entropy, entropy_gradient, options[2]) if state.entropy else None
        return SoftState(actor, critic, target, entropy)

    def _adam_step(self, state: AdamState, gradient: Array, options: Array) -> AdamState:
        return adam_step(state, clipped(gradient, self._max_grad_norm), options)

    def _metrics(
        self, state: SoftState, critic_loss: Array, actor_loss: Array, entropy_loss: Array, numbers: Array
    ) -> Array:
        ent_coef = self._ent_coef(state, numbers)
        return self._jax.numpy.stack(SoftMetrics(ent_coef, actor_loss, critic_loss, entropy_loss))

    def _ent_coef(self, state: SoftState, numbers: Array) -> Array:
        if state.entropy is None:
            return SoftParameters(*numbers).ent_coef
        return self._jax.numpy.exp(state.entropy.parameters[0])

    def _act(self, weights: Array, observations: Array, noise: Array) -> Array:
        return self._actor.sample(
            self._jax.numpy, self._actor_adam.layout.split(weights), observations, noise
        )[0]

    def _targets(self, state: SoftState, batch: Transitions, noise: Array, ent_coef: Array) -> Array:
        jnp = self._jax.numpy
        actor = self._actor_adam.layout.split(state.actor.parameters)
        actions, log_prob = self._actor.sample(jnp, actor, batch.next_observations, noise)
        target = self._target_block.split(state.target)
        outputs = self._critics.values(jnp, target, batch.next_observations, actions)
        if self._value_range is not None:
            outputs = jnp.clip(outputs, *self._value_range)
        future = self._objective.future(outputs) - ent_coef * log_prob[:, None]
        return batch.rewards + (1 - batch.dones) * batch.discounts * future

    def _critic_loss(self, weights: list[Array], batch: Transitions, targets: Array) -> tuple[Array, None]:
        outputs = self._critics.values(self._jax.numpy, weights, batch.observations, batch.actions)
        return self._objective.loss(outputs, targets), None

    def _actor_loss(
        self, weights: list[Array], critic: AdamState, batch: Transitions, noise: Array, ent_coef: Array
    ) -> tuple[Array, Array]:
        jnp = self._jax.numpy
        actions, log_prob = self._actor.sample(jnp, weights, batch.observations, noise)
        critics = self._critic_adam.layout.split(critic.parameters)
        outputs = self._critics.values(jnp, critics, batch.observations, actions)
        return (ent_coef * log_prob - self._objective.value(outputs)).mean(), log_prob

    def _entropy_loss(self, weights: list[Array], excess: Array) -> tuple[Array, None]:
        return -(weights[0] * excess).mean(), None
