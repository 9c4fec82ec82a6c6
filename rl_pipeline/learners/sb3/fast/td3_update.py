"""The gradient step of TD3 and DDPG as one compiled program."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from stable_baselines3 import TD3

from rl_pipeline.config.off_policy import OffPolicy
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.fast.adam import AdamState, Slope, TorchAdam, adam_step, clipped, gradient_of
from rl_pipeline.learners.sb3.fast.critic_objectives import ClippedDoubleQ
from rl_pipeline.learners.sb3.fast.functions import Array
from rl_pipeline.learners.sb3.fast.jax_backend import load_jax
from rl_pipeline.learners.sb3.fast.off_policy_networks import Critics, DeterministicActor
from rl_pipeline.learners.sb3.fast.replay import Transitions, sample_transitions
from rl_pipeline.learners.sb3.fast.tensor_block import TensorBlock

NO_OPTIONS = OffPolicy()


class TD3State(NamedTuple):
    """Everything that a gradient step changes."""

    actor: AdamState
    critic: AdamState
    actor_target: Array
    critic_target: Array


class TD3Parameters(NamedTuple):
    """Numbers that a gradient step depends on."""

    tau: Array
    noise_clip: Array


class TD3Update:
    """Makes gradient steps of TD3 (Fujimoto et al. 2018, arXiv:1802.09477) as SB3 does.

    Args:
        model: The model to train.
        options: Limits of its gradients, its actions and the values of its target critics.

    Raises:
        NotCovered: JAX is missing, or the model has an unknown layer or optimizer.
    """

    def __init__(self, model: TD3, options: OffPolicy = NO_OPTIONS) -> None:
        self._jax = load_jax()
        self._value_range = options.value_range(model.gamma)
        self._max_grad_norm = options.max_grad_norm or np.inf
        self._action_penalty = options.action_penalty
        self._model, self.policy = model, model.policy
        self._objective = ClippedDoubleQ(loss_scale=1.0, first_only=True)
        self._actor, self._critics = DeterministicActor(model.actor), Critics(model.critic)
        self._actor_adam, self._critic_adam = (
            TorchAdam(model.actor.optimizer),
            TorchAdam(model.critic.optimizer),
        )
        self._targets = list(model.actor_target.parameters()), list(model.critic_target.parameters())
        self._target_blocks = TensorBlock(self._targets[0]), TensorBlock(self._targets[1])
        self.optimizers = [self._actor_adam.optimizer, self._critic_adam.optimizer]
        self._choose_actions = self._jax.jit(self._act)
        self._gradient_step = self._jax.jit(self._step, static_argnames="moves_actor")

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the actor's actions in [-1, 1]."""
        return np.array(
            self._choose_actions(self._actor_adam.layout.gather(self._actor_adam.parameters), observations)
        )

    def run(self, gradient_steps: int, batch_size: int) -> dict[str, float]:
        """Make gradient steps and return the means of the losses."""
        model, state = self._model, self._read()
        parameters = np.array(TD3Parameters(model.tau, model.target_noise_clip), np.float32)
        options = np.stack([self._actor_adam.options(), self._critic_adam.options()])
        losses, moves = [], []
        for _ in range(gradient_steps):
            internals.count_updates(model, 1)
            moves_actor = internals.n_updates(model) % model.policy_delay == 0
            batch = sample_transitions(model, batch_size)
            noise = torch.empty(batch.actions.shape).normal_(0, model.target_policy_noise).numpy()
            state, loss = self._gradient_step(
                state, batch, noise, options, parameters, moves_actor=moves_actor
            )
            losses.append(loss)
            moves.append(moves_actor)
        self._write(self._jax.block_until_ready(state), actor_moved=any(moves))
        return mean_losses(np.asarray(losses, np.float64), moves)

    def _read(self) -> TD3State:
        targets = (
            block.gather(tensors) for block, tensors in zip(self._target_blocks, self._targets, strict=True)
        )
        return TD3State(self._actor_adam.read(), self._critic_adam.read(), *targets)

    def _write(self, state: TD3State, *, actor_moved: bool) -> None:
        self._critic_adam.write(state.critic)
        if actor_moved:
            self._actor_adam.write(state.actor)
            for block, target in zip(
                self._target_blocks, (state.actor_target, state.critic_target), strict=True
            ):
                np.copyto(block.memory, target)

    def _step(
        self,
        state: TD3State,
        batch: Transitions,
        noise: Array,
        options: Array,
        numbers: Array,
        moves_actor: bool,
    ) -> tuple[TD3State, Array]:
        """Make one gradient step.

        Args:
            state: State before it.
            batch: A minibatch of n transitions.
            noise: Noise that smooths the target policy, before it is clipped, shape (n, action_dim).
            options: A row of `TorchAdam.options` each for actor and critic.
            numbers: The `TD3Parameters`.
            moves_actor: Whether actor and target networks are also updated.

        Returns:
            The state after it, and the losses of critic and actor; the actor's loss is 0 if it is not updated.
        """
        jnp = self._jax.numpy
        critic_slope = self._critic_slope(state, batch, noise, numbers)
        critic = self._adam_step(state.critic, critic_slope.gradient, options[1])
        if not moves_actor:
            return state._replace(critic=critic), jnp.stack([critic_slope.loss, jnp.zeros(())])
        actor_slope = self._actor_slope(state, critic, batch)
        moved = self._moved(state, critic, actor_slope.gradient, options, numbers)
        return moved, jnp.stack([critic_slope.loss, actor_slope.loss])

    def _critic_slope(self, state: TD3State, batch: Transitions, noise: Array, numbers: Array) -> Slope:
        targets = self._values_to_fit(state, batch, noise, TD3Parameters(*numbers).noise_clip)
        loss = partial(self._critic_loss, batch=batch, targets=targets)
        return Slope(*gradient_of(loss, state.critic, self._critic_adam.layout)[:2])

    def _actor_slope(self, state: TD3State, critic: AdamState, batch: Transitions) -> Slope:
        loss = partial(self._actor_loss, critic=critic, batch=batch)
        gradient, _, value = gradient_of(loss, state.actor, self._actor_adam.layout)
        return Slope(gradient, value)

    def _adam_step(self, state: AdamState, gradient: Array, options: Array) -> AdamState:
        return adam_step(state, clipped(gradient, self._max_grad_norm), options)

    def _moved(
        self, state: TD3State, critic: AdamState, actor_gradient: Array, options: Array, numbers: Array
    ) -> TD3State:
        tau = TD3Parameters(*numbers).tau
        actor = self._adam_step(state.actor, actor_gradient, options[0])
        actor_target = state.actor_target * (1 - tau) + tau * actor.parameters
        critic_target = state.critic_target * (1 - tau) + tau * critic.parameters
        return TD3State(actor, critic, actor_target, critic_target)

    def _act(self, weights: Array, observations: Array) -> Array:
        return self._actor.actions(self._jax.numpy, self._actor_adam.layout.split(weights), observations)

    def _values_to_fit(self, state: TD3State, batch: Transitions, noise: Array, noise_clip: Array) -> Array:
        jnp = self._jax.numpy
        actor, critic = (
            self._target_blocks[0].split(state.actor_target),
            self._target_blocks[1].split(state.critic_target),
        )
        actions = self._actor.actions(jnp, actor, batch.next_observations)
        actions = jnp.clip(actions + jnp.clip(noise, -noise_clip, noise_clip), -1, 1)
        outputs = self._critics.values(jnp, critic, batch.next_observations, actions)
        if self._value_range is not None:
            outputs = jnp.clip(outputs, *self._value_range)
        future = self._objective.future(outputs)
        return batch.rewards + (1 - batch.dones) * batch.discounts * future

    def _critic_loss(self, weights: list[Array], batch: Transitions, targets: Array) -> tuple[Array, None]:
        outputs = self._critics.values(self._jax.numpy, weights, batch.observations, batch.actions)
        return self._objective.loss(outputs, targets), None

    def _actor_loss(self, weights: list[Array], critic: AdamState, batch: Transitions) -> tuple[Array, Array]:
        """Return the loss with the penalty of actions, and that without it, which is logged."""
        jnp = self._jax.numpy
        actions = self._actor.actions(jnp, weights, batch.observations)
        critics = self._critic_adam.layout.split(critic.parameters)
        outputs = self._critics.values(jnp, critics, batch.observations, actions)
        loss = -self._objective.value(outputs).mean()
        return loss + self._action_penalty * (actions * actions).mean(), loss


def mean_losses(losses: np.ndarray, moves: list[bool]) -> dict[str, float]:
    """Return SB3's metrics of the losses of critic and actor, shape (gradient steps, 2)."""
    means = {"actor_loss": float(losses[moves, 1].mean())} if any(moves) else {}
    return means | {"critic_loss": float(losses[:, 0].mean())}
