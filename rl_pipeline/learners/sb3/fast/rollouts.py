"""Collection of rollouts for on-policy algorithms, without a distribution object and tensor copies per step."""

from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.fast.actor_critic import ActorCritic, BatchActor
from rl_pipeline.learners.sb3.fast.coverage import NotCovered, report_stock_loop


class FastRollouts(OnPolicyAlgorithm):
    """Replaces `collect_rollouts` of an on-policy algorithm; a policy that is not covered keeps SB3's."""

    _actor_critic: ActorCritic | NotCovered | None = None  # derived from the policy, never saved

    def collect_rollouts(
        self, env: VecEnv, callback: BaseCallback, rollout_buffer: RolloutBuffer, n_rollout_steps: int
    ) -> bool:
        """Fill the buffer with one rollout; see `OnPolicyAlgorithm.collect_rollouts`.

        Callbacks get the local variables of SB3's loop, with NumPy arrays instead of tensors.
        """
        model = self._acting_model()
        if model is None:
            return super().collect_rollouts(env, callback, rollout_buffer, n_rollout_steps)
        self.policy.set_training_mode(False)
        rollout_buffer.reset()
        callback.on_rollout_start()
        actor = model.actor(env.num_envs)
        n_steps = 0
        while n_steps < n_rollout_steps:
            actions, values, log_probs = actor.act(internals.last_observations(self))
            actions = actions.reshape((env.num_envs, *(self.action_space.shape or ())))
            clipped_actions = self._clip(actions)
            new_obs, rewards, dones, infos = env.step(clipped_actions)
            self.num_timesteps += env.num_envs
            callback.update_locals(locals())
            if not callback.on_step():
                return False
            internals.record_episodes(self, infos, dones)
            n_steps += 1
            self._bootstrap_truncated(actor, rewards, dones, infos)
            self._store(rollout_buffer, actions, rewards, values, log_probs)
            internals.set_last_step(self, new_obs, dones)
        compute_advantages(rollout_buffer, actor.values(internals.last_observations(self)), dones)
        callback.update_locals(locals())
        callback.on_rollout_end()
        return True

    def _acting_model(self) -> ActorCritic | None:
        if (
            self._actor_critic is None
            or getattr(self._actor_critic, "policy", self.policy) is not self.policy
        ):
            try:
                if type(self.rollout_buffer) is not RolloutBuffer:
                    raise NotCovered(f"its rollout buffer is a {type(self.rollout_buffer).__name__}")
                self._actor_critic = ActorCritic(self.policy)
                self._actor_critic.actor(self.n_envs)
            except NotCovered as reason:
                report_stock_loop(self, "rollout", reason)
                self._actor_critic = reason
        return self._actor_critic if isinstance(self._actor_critic, ActorCritic) else None

    def _clip(self, actions: np.ndarray) -> np.ndarray:
        if not isinstance(self.action_space, spaces.Box):
            return actions
        return np.minimum(np.maximum(actions, self.action_space.low), self.action_space.high)

    def _bootstrap_truncated(
        self, actor: BatchActor, rewards: np.ndarray, dones: np.ndarray, infos: list[dict[str, Any]]
    ) -> None:
        """Add the value of the last observation to the reward if an episode was truncated, not terminated."""
        truncated = [
            index
            for index in np.flatnonzero(dones)
            if infos[index].get("terminal_observation") is not None
            and infos[index].get("TimeLimit.truncated", False)
        ]
        if truncated:
            last = np.stack([infos[index]["terminal_observation"] for index in truncated])
            rewards[truncated] += self.gamma * actor.values(last)

    def _store(
        self,
        buffer: RolloutBuffer,
        actions: np.ndarray,
        rewards: np.ndarray,
        values: np.ndarray,
        log_probs: np.ndarray,
    ) -> None:
        step = buffer.pos
        buffer.observations[step] = internals.last_observations(self)
        buffer.actions[step] = actions.reshape(buffer.n_envs, buffer.action_dim)
        buffer.rewards[step] = rewards
        buffer.episode_starts[step] = internals.last_episode_starts(self)
        buffer.values[step] = values
        buffer.log_probs[step] = log_probs
        buffer.pos += 1
        buffer.full = buffer.pos == buffer.buffer_size

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_actor_critic"]


def compute_advantages(buffer: RolloutBuffer, last_values: np.ndarray, dones: np.ndarray) -> None:
    """Fill `advantages` and `returns` of a full buffer, bit-exactly like SB3.

    Generalised advantage estimation (Schulman et al. 2015, arXiv:1506.02438, equation 16). Only the recurrence
    runs step by step; everything else is computed for the whole rollout at once.

    Args:
        buffer: A full buffer that has not been flattened yet.
        last_values: Values of the observations after the last step, shape (n_envs,).
        dones: Whether an episode ended at the last step, shape (n_envs,).
    """
    not_ended = 1.0 - np.concatenate([buffer.episode_starts[1:], dones[None].astype(np.float32)])
    next_values = np.concatenate([buffer.values[1:], last_values[None]])
    delta = buffer.rewards + buffer.gamma * next_values * not_ended - buffer.values
    decay = buffer.gamma * buffer.gae_lambda * not_ended
    advantage = np.zeros(buffer.n_envs, np.float32)
    for step in reversed(range(buffer.buffer_size)):
        advantage = delta[step] + decay[step] * advantage
        buffer.advantages[step] = advantage
    buffer.returns = buffer.advantages + buffer.values
