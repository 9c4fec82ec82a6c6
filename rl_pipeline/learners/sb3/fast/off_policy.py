"""SAC, TD3, DDPG and TQC with compiled acting and gradient steps in SB3's loop."""

from typing import Protocol

import numpy as np
import torch
from sb3_contrib import TQC
from sb3_contrib.tqc import policies as tqc
from stable_baselines3 import DDPG, SAC, TD3
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.sac import policies as sac
from stable_baselines3.td3 import policies as td3

from rl_pipeline.config.off_policy import OffPolicy
from rl_pipeline.learners.parallel.ranks import Ranks, SingleRank
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.fast.coverage import NotCovered, report_stock_loop
from rl_pipeline.learners.sb3.fast.critic_objectives import (
    ClippedDoubleQ,
    CriticObjective,
    TruncatedQuantiles,
)
from rl_pipeline.learners.sb3.fast.off_policy_networks import OffPolicyPolicy, check_policy, flat_keys
from rl_pipeline.learners.sb3.fast.replay import flat
from rl_pipeline.learners.sb3.fast.shared_off_policy import SharedSoftUpdate, SharedTD3Update
from rl_pipeline.learners.sb3.fast.soft_actor_critic import SoftUpdate
from rl_pipeline.learners.sb3.fast.td3_update import TD3Update


class OffPolicyUpdate(Protocol):
    """Acts and makes gradient steps for one policy object."""

    @property
    def policy(self) -> OffPolicyPolicy:
        """The policy object."""

    @property
    def optimizers(self) -> list[torch.optim.Optimizer]:
        """The optimizers of its networks."""

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return actions in [-1, 1] for float32 observations, with the policy's exploration."""

    def run(self, gradient_steps: int, batch_size: int) -> dict[str, float]:
        """Make gradient steps and return the metrics to log, without the prefix `train/`."""


class FastOffPolicy(OffPolicyAlgorithm):
    """Replaces the acting and the gradient steps of an off-policy algorithm.

    Networks and optimizers are up to date in torch whenever SB3's or a callback's code runs.
    """

    ranks: Ranks = SingleRank()
    options: OffPolicy = OffPolicy()
    _compiled: OffPolicyUpdate | NotCovered | None = None  # derived from the policy, never saved

    def _make_update(self) -> OffPolicyUpdate:
        """Compile for the present policy.

        Raises:
            NotCovered: A property of the model is not covered.
        """
        raise NotImplementedError

    def train(self, gradient_steps: int, batch_size: int = 64) -> None:
        """Make gradient steps on minibatches from the replay buffer; see SB3's `train`."""
        update = self._update()
        if update is None:
            super().train(gradient_steps, batch_size)
            return
        internals.update_learning_rate(self, update.optimizers)
        metrics = update.run(gradient_steps, batch_size)
        self.logger.record("train/n_updates", internals.n_updates(self), exclude="tensorboard")
        for name, value in metrics.items():
            self.logger.record(f"train/{name}", value)

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        update = self._update()
        if update is None or self.num_timesteps < learning_starts:
            return super()._sample_action(learning_starts, action_noise, n_envs)
        keys = flat_keys(update.policy.actor.features_extractor)
        observations = flat(internals.last_observation_parts(self), keys)
        actions = update.act(observations).reshape(n_envs, *(self.action_space.shape or ()))
        if action_noise is not None:
            actions = np.clip(actions + action_noise(), -1, 1)
        return self.policy.unscale_action(actions), actions

    def _update(self) -> OffPolicyUpdate | None:
        if self._compiled is None or getattr(self._compiled, "policy", self.policy) is not self.policy:
            try:
                self._compiled = self._make_update()
            except NotCovered as reason:
                report_stock_loop(self, "training", reason)
                self._compiled = reason
        return None if isinstance(self._compiled, NotCovered) else self._compiled

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_compiled", "ranks", "options"]


class FastSAC(FastOffPolicy, SAC):
    """SB3's SAC with compiled acting and gradient steps.

    Parameters, mathematics, use of random numbers, logged values and `model.zip` are those of
    `stable_baselines3.SAC`, which loads and continues models of this class. A model with images, a
    dictionary of observations with other parts than vectors, gSDE, a trained features extractor that actor and
    critic share, an optimizer other than Adam and AdamW, or a device other than the CPU trains in SB3's loops.
    """

    def _make_update(self) -> SoftUpdate:
        check_policy(self.policy, sac.SACPolicy, sac.MultiInputPolicy)
        return soft_update(self, ClippedDoubleQ(loss_scale=0.5, first_only=False))


class FastTD3(FastOffPolicy, TD3):
    """SB3's TD3 with compiled acting and gradient steps; see `FastSAC` for the limits."""

    def _make_update(self) -> TD3Update:
        check_policy(self.policy, td3.TD3Policy, td3.MultiInputPolicy)
        if self.ranks.size == 1:
            return TD3Update(self, self.options)
        return SharedTD3Update(self, self.ranks, self.options)


class FastDDPG(FastTD3, DDPG):
    """SB3's DDPG, a TD3 with one critic and without smoothing; see `FastSAC` for the limits."""


class FastTQC(FastOffPolicy, TQC):
    """sb3-contrib's TQC with compiled acting and gradient steps; see `FastSAC` for the limits."""

    def _make_update(self) -> SoftUpdate:
        check_policy(self.policy, tqc.TQCPolicy, tqc.MultiInputPolicy)
        objective = TruncatedQuantiles(self.top_quantiles_to_drop_per_net * self.critic.n_critics)
        return soft_update(self, objective)


def soft_update(model: FastSAC | FastTQC, objective: CriticObjective) -> SoftUpdate:
    """Return the object that makes the gradient steps of SAC or TQC, alone or together with other ranks."""
    if model.ranks.size == 1:
        return SoftUpdate(model, objective, model.options)
    return SharedSoftUpdate(model, objective, model.ranks, model.options)
