"""Minibatches from a replay buffer, as arrays."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from rl_pipeline.learners.sb3.fast.functions import Array
from rl_pipeline.learners.sb3.fast.off_policy_networks import flat_keys


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
    keys = flat_keys(model.policy.actor.features_extractor)  # type: ignore[union-attr, arg-type]
    columns = [flat(tensor, keys) for tensor in tensors]
    discounts = np.float32(model.gamma) if batch.discounts is None else batch.discounts.numpy()
    return Transitions(*columns, discounts)  # type: ignore[call-arg]


def flat(values: Any, keys: Sequence[str]) -> np.ndarray:
    """Return observations or other values as float32; parts of a dictionary are concatenated, (n, ...).

    Args:
        values: NumPy arrays or tensors on the CPU.
        keys: The used parts of a dictionary, in their order.
    """
    if isinstance(values, Mapping):
        parts = [np.asarray(values[key], np.float32) for key in keys]
        return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
    return np.asarray(values, np.float32)
