"""PPO with faster loops."""

from typing import Any

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.utils import explained_variance

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.learners.parallel.ranks import Ranks, SingleRank
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.fast.actor_critic import ActorCritic
from rl_pipeline.learners.sb3.fast.adam import TorchAdam
from rl_pipeline.learners.sb3.fast.coverage import NotCovered, report_stock_loop
from rl_pipeline.learners.sb3.fast.ppo_update import Minibatch, PPOMetrics, PPOOptions, PPOUpdate, used
from rl_pipeline.learners.sb3.fast.rollouts import FastRollouts
from rl_pipeline.learners.sb3.fast.shared_ppo_update import SharedPPOUpdate


class FastPPO(FastRollouts, PPO):
    """SB3's PPO with a NumPy actor and a compiled update.

    Parameters, mathematics, use of random numbers, logged values and `model.zip` are those of
    `stable_baselines3.PPO`, which loads and continues models of this class. A model with images, dictionary
    observations, gSDE, an optimizer other than Adam and AdamW, or a device other than the CPU trains in SB3's loops.
    """

    ranks: Ranks = SingleRank()
    _compiled: tuple[TorchAdam, PPOUpdate] | NotCovered | None = None  # derived from the policy, never saved

    def train(self) -> None:
        """Update the policy from the rollout buffer; see `PPO.train`."""
        update = self._compiled_update()
        if update is None:
            super().train()
            return
        self.policy.set_training_mode(True)
        internals.update_learning_rate(self, self.policy.optimizer)
        flatten_buffer(self.rollout_buffer)
        self._record(self._run_epochs(*update))

    def _run_epochs(self, adam: TorchAdam, update: PPOUpdate) -> list[PPOMetrics]:
        buffer, options, parameters = self.rollout_buffer, self._update_options(), self._loss_parameters()
        rollout = minibatch_arrays(buffer)
        n_transitions = buffer.buffer_size * buffer.n_envs
        adam_options, state = adam.options(), adam.read()
        epochs: list[PPOMetrics] = []
        for epoch in range(self.n_epochs):
            permutation = np.random.permutation(n_transitions)
            state, running, metrics = update.run_epoch(
                state, adam_options, rollout, permutation, parameters, options=options
            )
            epochs.append(metrics)
            internals.count_updates(self, 1)
            if not running:
                self._announce_early_stop(epoch, metrics)
                break
        adam.write(state)
        return epochs

    def _announce_early_stop(self, epoch: int, metrics: PPOMetrics) -> None:
        if self.verbose >= 1:
            divergence = used(metrics.approx_kl, metrics)[-1]
            print(f"Early stopping at step {epoch} due to reaching max kl: {divergence:.2f}")

    def _compiled_update(self) -> tuple[TorchAdam, PPOUpdate] | None:
        model = self._acting_model()
        if model is None:
            return None
        if self._compiled is None or (
            isinstance(self._compiled, tuple) and self._compiled[0].optimizer is not self.policy.optimizer
        ):
            try:
                adam = TorchAdam(self.policy.optimizer)
                self._compiled = adam, self._make_update(model, adam)
            except NotCovered as reason:
                report_stock_loop(self, "update", reason)
                self._compiled = reason
        return self._compiled if isinstance(self._compiled, tuple) else None

    def _make_update(self, model: ActorCritic, adam: TorchAdam) -> PPOUpdate:
        return PPOUpdate(model, adam) if self.ranks.size == 1 else SharedPPOUpdate(model, adam, self.ranks)

    def require_fast_update(self) -> None:
        """Refuse a model that would train in SB3's loop, which does not average gradients over ranks.

        Raises:
            ConfigError: The update does not cover the model.
        """
        if self._compiled_update() is None:
            reasons = [part for part in (self._actor_critic, self._compiled) if isinstance(part, NotCovered)]
            message = "several ranks need the fast engine for PPO, which does not support this policy"
            raise ConfigError(
                [Problem("training", f"{message}: {reasons[0]}", remedy="start it in one process")]
            )

    def _update_options(self) -> PPOOptions:
        return PPOOptions(
            batch_size=self.batch_size,
            normalize_advantage=self.normalize_advantage,
            clips_values=self.clip_range_vf is not None,
            stops_early=self.target_kl is not None,
        )

    def _loss_parameters(self) -> dict[str, float]:
        progress = internals.progress_remaining(self)
        values: dict[str, Any] = {
            "clip_range": self.clip_range(progress),  # type: ignore[operator]
            "clip_range_vf": 0.0 if self.clip_range_vf is None else self.clip_range_vf(progress),  # type: ignore[operator]
            "ent_coef": self.ent_coef,
            "vf_coef": self.vf_coef,
            "max_grad_norm": self.max_grad_norm,
            "max_kl": np.inf if self.target_kl is None else 1.5 * self.target_kl,
        }
        return {name: float(value) for name, value in values.items()}

    def _record(self, epochs: list[PPOMetrics]) -> None:
        def mean(name: str) -> float:
            return float(
                np.mean(np.concatenate([used(getattr(metrics, name), metrics) for metrics in epochs]))
            )

        record, last, parameters = self.logger.record, epochs[-1], self._loss_parameters()
        record("train/entropy_loss", mean("entropy_loss"))
        record("train/policy_gradient_loss", mean("policy_loss"))
        record("train/value_loss", mean("value_loss"))
        record("train/approx_kl", float(np.mean(used(last.approx_kl, last))))
        record("train/clip_fraction", mean("clip_fraction"))
        record("train/loss", float(used(last.loss, last)[-1]))
        buffer = self.rollout_buffer
        record(
            "train/explained_variance", explained_variance(buffer.values.flatten(), buffer.returns.flatten())
        )
        if hasattr(self.policy, "log_std"):
            record("train/std", self.policy.log_std.detach().exp().mean().item())
        record("train/n_updates", internals.n_updates(self), exclude="tensorboard")
        record("train/clip_range", parameters["clip_range"])
        if self.clip_range_vf is not None:
            record("train/clip_range_vf", parameters["clip_range_vf"])

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_compiled", "ranks"]


def flatten_buffer(buffer: RolloutBuffer) -> None:
    """Concatenate the steps of all environments, as SB3 does before it draws minibatches."""
    if not buffer.generator_ready:
        for name in ("observations", "actions", "values", "log_probs", "advantages", "returns"):
            setattr(buffer, name, buffer.swap_and_flatten(getattr(buffer, name)))
        buffer.generator_ready = True


def minibatch_arrays(buffer: RolloutBuffer) -> Minibatch:
    """Return the contents of a flattened buffer as float32 arrays."""
    columns = buffer.values, buffer.log_probs, buffer.advantages, buffer.returns
    return Minibatch(
        np.asarray(buffer.observations, np.float32),
        np.asarray(buffer.actions, np.float32),
        *(column.reshape(-1) for column in columns),
    )
