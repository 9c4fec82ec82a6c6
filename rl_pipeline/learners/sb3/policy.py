"""Models of Stable-Baselines3 and sb3-contrib as policies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO, RecurrentPPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy

from rl_pipeline.learners.learner import MODEL, LearnedPolicy
from rl_pipeline.learners.random_state import seed_sampling, undisturbed_randomness
from rl_pipeline.learners.sb3.acting_network import SB3Network, make_network
from rl_pipeline.learners.sb3.model_file import load_parameters
from rl_pipeline.policies.observations import Observation

LstmState = tuple[NDArray[np.float32], ...]
"""Hidden state of a recurrent policy; other policies have none."""


class SB3Policy(LearnedPolicy[LstmState]):
    """The policy of a model.

    Args:
        model: Any algorithm; it may continue learning between two calls.
    """

    def __init__(self, model: BaseAlgorithm) -> None:
        self.model = model
        self.needs_action_masks = isinstance(model, MaskablePPO)
        self.has_memory = isinstance(model, RecurrentPPO)

    def load(self, folder: Path) -> None:
        """See `LearnedPolicy.load`."""
        load_parameters(folder / MODEL, self.model)

    def act(
        self,
        observations: Observation,
        memory: LstmState | None,
        episode_starts: NDArray[np.bool_],
        *,
        deterministic: bool = True,
        action_masks: NDArray[np.bool_] | None = None,
    ) -> tuple[np.ndarray, LstmState | None]:
        """See `Policy.act`."""
        masks = {} if action_masks is None else {"action_masks": action_masks}
        return self.model.predict(observations, memory, episode_starts, deterministic=deterministic, **masks)

    def values(
        self, observations: Observation, memory: LstmState | None, episode_starts: NDArray[np.bool_]
    ) -> NDArray[np.float32] | None:
        """See `Policy.values`; a recurrent critic has its own memory, which acting does not update."""
        policy = self.model.policy
        if not isinstance(policy, ActorCriticPolicy) or self.has_memory:
            return None
        with torch.no_grad():
            values = policy.predict_values(policy.obs_to_tensor(observations)[0])
        return values.cpu().numpy().reshape(-1)

    def network(self) -> SB3Network:
        """See `LearnedPolicy.network`."""
        return make_network(self.model.policy)

    @contextmanager
    def sampling(self, seed: int) -> Iterator[None]:
        """See `Policy.sampling`; the generators of torch, Python and NumPy are restored afterwards."""
        with undisturbed_randomness():
            self.model.policy.set_training_mode(False)
            seed_sampling(seed)
            yield
