"""A student as a policy that acts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from rl_pipeline import plain_data
from rl_pipeline.config.distillation import Distillation
from rl_pipeline.learners.acting_network import ActingNetwork, Tensors
from rl_pipeline.learners.distillation.student import Student
from rl_pipeline.learners.learner import POLICY, LearnedPolicy
from rl_pipeline.learners.random_state import seed_sampling, undisturbed_randomness
from rl_pipeline.policies.observations import PLAIN, Observation, as_dict
from rl_pipeline.policies.policy import PolicyFileError

Memories = Mapping[str, NDArray[np.float32]]
"""The memory of a student by name, (n, ...)."""


class DistilledPolicy(LearnedPolicy[Memories]):
    """Lets a student act one step at a time.

    Args:
        settings: The section `training.distillation`.
        observation: Space of an observation, a Box or a Dict of them.
        action: Space of an action.

    Attributes:
        student: The network that acts, on the device of the training.
    """

    def __init__(self, settings: Distillation, observation: spaces.Space[Any], action: spaces.Box) -> None:
        self.keys = list(observation.spaces) if isinstance(observation, spaces.Dict) else [PLAIN]
        self.student = Student(settings, spaces.flatdim(observation), action)
        self.action = action
        self.has_memory = bool(self.student.model.memories)

    def flatten(self, observations: Observation) -> NDArray[np.float32]:
        """Return observations as rows of numbers, (n, numbers of an observation)."""
        parts = as_dict(observations)
        rows = [np.asarray(parts[key], np.float32).reshape(len(parts[key]), -1) for key in self.keys]
        return rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1)

    def act(
        self,
        observations: Observation,
        memory: Memories | None,
        episode_starts: NDArray[np.bool_],
        *,
        deterministic: bool = True,
        action_masks: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[Any], Memories]:
        """See `Policy.act`."""
        student = self.student.eval()
        rows = self.flatten(observations)
        device = student.get_buffer("half_range").device
        with torch.no_grad():
            before = student.start(len(rows))
            if memory is not None:
                going_on = torch.as_tensor(~episode_starts)
                for name, values in memory.items():
                    kept = going_on.reshape(-1, *(1,) * (values.ndim - 1))
                    before[name] = torch.where(kept, torch.as_tensor(values), 0.0).to(device)
            means, log_std, after = student(torch.as_tensor(rows[:, None], device=device), before)
            if log_std is not None and not deterministic:
                means = means + torch.exp(log_std) * torch.randn_like(means)
            actions = student.to_actions(means[:, 0]).cpu().numpy()
        shaped = actions.reshape(len(rows), *self.action.shape).astype(self.action.dtype)
        return shaped, {name: values.cpu().numpy() for name, values in after.items()}

    def load(self, folder: Path) -> None:
        """See `LearnedPolicy.load`."""
        path = folder / POLICY
        try:
            state = {name: torch.as_tensor(array) for name, array in plain_data.load(path).items()}
            self.student.load_state_dict(state)
        except (*plain_data.UNREADABLE, RuntimeError, TypeError, AttributeError) as error:
            raise PolicyFileError(f"{path} does not fit the network, or is damaged: {error}") from error

    def save(self, folder: Path) -> None:
        """Write the file that `load` reads.

        Raises:
            OSError: The disk is full.
        """
        state = {name: tensor.cpu().numpy() for name, tensor in self.student.state_dict().items()}
        (folder / POLICY).write_bytes(plain_data.to_bytes(state))

    def network(self) -> "DistilledNetwork":
        """See `LearnedPolicy.network`."""
        return DistilledNetwork(self)

    @contextmanager
    def sampling(self, seed: int) -> Iterator[None]:
        """See `Policy.sampling`."""
        with undisturbed_randomness():
            seed_sampling(seed)
            yield


class DistilledNetwork(ActingNetwork):
    """A student as a module that takes one step, for a graph.

    Args:
        policy: The student's policy.
    """

    def __init__(self, policy: DistilledPolicy) -> None:
        super().__init__()
        self.student = policy.student.cpu().eval()
        self.memories = self.student.model.memories
        self._keys, self._shape = policy.keys, policy.action.shape

    def forward(self, parts: Tensors, memory: Tensors, action_masks: Tensor | None) -> tuple[Tensor, Tensors]:
        """See `ActingNetwork.forward`."""
        rows = [parts[key].flatten(1).to(torch.float32) for key in self._keys]
        flat = rows[0] if len(rows) == 1 else torch.cat(rows, dim=1)
        means, _, following = self.student(flat[:, None], memory)
        return self.student.to_actions(means[:, 0]).reshape(-1, *self._shape), following
