"""Minibatches from a replay buffer, as arrays."""

from typing import NamedTuple

import numpy as np
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from rl_pipeline.learners.sb3.fast.functions import Array


class Transitions(NamedTuple):
    """A minibatch; rewards, dones and discounts have the shape (n, 1)."""

    observations: Array
    actions: Array
    next_observations: Array
    dones: Array
    rewards: Array
    discounts: Array


def sample_transitions(model: OffPolicyAlgorithm, batch_size: int) -> Transitions:
    """Draw a minibatch from a model's replay buffer, with the random numbers that SB3 draws."""
    buffer = model.replay_buffer
    assert buffer is not None
    batch = buffer.sample(batch_size, env=model.get_vec_normalize_env())
    tensors = batch.observations, batch.actions, batch.next_observations, batch.dones, batch.rewards
    columns = [np.asarray(tensor.numpy(), np.float32) for tensor in tensors]
    discounts = np.float32(model.gamma) if batch.discounts is None else batch.discounts.numpy()
    return Transitions(*columns, discounts)  # type: ignore[call-arg]
