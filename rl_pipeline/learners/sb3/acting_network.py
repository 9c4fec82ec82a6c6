"""Policies of Stable-Baselines3 and sb3-contrib as modules that compute what `predict` computes."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from gymnasium import spaces
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.preprocessing import is_image_space
from torch import Tensor

from rl_pipeline.learners.acting_network import ActingNetwork, CannotExportError, Tensors
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.policies.observations import PLAIN

if TYPE_CHECKING:
    from stable_baselines3.common.type_aliases import PyTorchObs


class SB3Network(ActingNetwork):
    """The deterministic part of `predict`, which is the same for all policies without a memory.

    Args:
        policy: The policy of a model.
    """

    def __init__(self, policy: BasePolicy) -> None:
        super().__init__()
        self.policy = policy
        self.memories = {}
        space = policy.action_space
        if isinstance(space, spaces.Box):
            self.register_buffer("low", torch.as_tensor(space.low), persistent=False)
            self.register_buffer("high", torch.as_tensor(space.high), persistent=False)

    def forward(self, parts: Tensors, memory: Tensors, action_masks: Tensor | None) -> tuple[Tensor, Tensors]:
        """See `ActingNetwork.forward`."""
        return self.finish(internals.predict(self.policy, self.observe(parts))), {}

    def observe(self, parts: Tensors) -> "PyTorchObs":
        """Return observations in the form of SB3's `obs_to_tensor`: channels of images first, and one shape."""
        space = self.policy.observation_space
        if isinstance(space, spaces.Dict):
            return {key: _formed(parts[key], part) for key, part in space.spaces.items()}
        return _formed(parts[PLAIN], space)

    def finish(self, actions: Tensor) -> Tensor:
        """Return actions in the shape and within the limits of the action space."""
        space = self.policy.action_space
        assert space.shape is not None  # of the spaces that SB3 acts in
        actions = actions.reshape((-1, *space.shape))
        if not isinstance(space, spaces.Box):
            return actions
        low, high = self.get_buffer("low"), self.get_buffer("high")
        if self.policy.squash_output:
            return low + 0.5 * (actions + 1.0) * (high - low)
        return torch.minimum(torch.maximum(actions, low), high)


class MaskedNetwork(SB3Network):
    """A policy of MaskablePPO."""

    def __init__(self, policy: MaskableActorCriticPolicy) -> None:
        super().__init__(policy)
        self.n_masked = _n_choices(policy.action_space)

    def forward(self, parts: Tensors, memory: Tensors, action_masks: Tensor | None) -> tuple[Tensor, Tensors]:
        """See `ActingNetwork.forward`."""
        actions = internals.predict(self.policy, self.observe(parts), action_masks=action_masks)
        return self.finish(actions), {}


class RecurrentNetwork(SB3Network):
    """A policy of RecurrentPPO; the state of its LSTM is `lstm_hidden` and `lstm_cell`, (n, layers, width)."""

    NAMES = ("lstm_hidden", "lstm_cell")

    def __init__(self, policy: RecurrentActorCriticPolicy) -> None:
        super().__init__(policy)
        n_layers, _, width = policy.lstm_hidden_state_shape
        self.memories = dict.fromkeys(self.NAMES, (n_layers, width))

    def forward(self, parts: Tensors, memory: Tensors, action_masks: Tensor | None) -> tuple[Tensor, Tensors]:
        """See `ActingNetwork.forward`; the memory of a row that starts an episode is already zero."""
        hidden, cell = (memory[name].transpose(0, 1).contiguous() for name in self.NAMES)
        no_starts = torch.zeros(hidden.shape[1], dtype=torch.float32)
        actions, states = internals.predict_recurrent(
            self.policy, self.observe(parts), (hidden, cell), no_starts
        )
        following = {name: state.transpose(0, 1) for name, state in zip(self.NAMES, states, strict=True)}
        return self.finish(actions), following


def make_network(policy: BasePolicy) -> SB3Network:
    """Make the network of a policy that acts from now on.

    Raises:
        CannotExportError: The policy overrides `predict`, so its actions are unknown.
    """
    policy.set_training_mode(False)
    known = (BasePolicy.predict, MaskableActorCriticPolicy.predict, RecurrentActorCriticPolicy.predict)
    if type(policy).predict not in known:
        raise CannotExportError(f"{type(policy).__name__} overrides the method predict")
    if isinstance(policy, RecurrentActorCriticPolicy):
        return RecurrentNetwork(policy)
    if isinstance(policy, MaskableActorCriticPolicy):
        return MaskedNetwork(policy)
    return SB3Network(policy)


def _n_choices(space: spaces.Space) -> int:
    match space:
        case spaces.Discrete():
            return int(space.n)
        case spaces.MultiDiscrete():
            return int(np.sum(space.nvec))
        case spaces.MultiBinary():
            return 2 * int(np.prod(space.shape))
    raise CannotExportError(f"action masks for {space}")


def _formed(part: Tensor, space: spaces.Space) -> Tensor:
    assert space.shape is not None  # of the spaces that SB3 observes
    if is_image_space(space) and part.shape[1:] != space.shape:
        part = part.permute(0, 3, 1, 2)
    return part.reshape((-1, *space.shape))
