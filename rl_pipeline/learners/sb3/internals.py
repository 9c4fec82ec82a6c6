"""The private parts of Stable-Baselines3 and sb3-contrib that we read, set and call.

They have no public counterpart and may change with any release, which is why `pyproject.toml` bounds the versions.
`tests/learners/sb3/test_internals.py` compares each of them, and each private method that a class of ours overrides,
with the installed release.
"""

import numpy as np
import torch
from sb3_contrib import ARS, RecurrentPPO
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs
from stable_baselines3.her.her_replay_buffer import HerReplayBuffer


def set_up_learning(model: BaseAlgorithm, total_timesteps: int, callback: BaseCallback) -> None:
    """Run the set-up of `learn` before its first iteration: reset counters, environment and callback."""
    model._setup_learn(total_timesteps, callback)


def set_up_networks(model: BaseAlgorithm) -> None:
    """Run the last part of the constructor, for a model that was built without it."""
    model._setup_model()


def total_timesteps(model: BaseAlgorithm) -> int:
    """Timesteps after which the training ends."""
    return model._total_timesteps


def progress_remaining(model: BaseAlgorithm) -> float:
    """Progress at which the schedules of a model were last evaluated, from 1 at the start to 0 at the end."""
    return model._current_progress_remaining


def update_progress(model: BaseAlgorithm) -> None:
    """Set the progress at which the schedules of a model are evaluated to that of its timesteps."""
    model._update_current_progress_remaining(model.num_timesteps, model._total_timesteps)


def update_learning_rate(
    model: BaseAlgorithm, optimizers: torch.optim.Optimizer | list[torch.optim.Optimizer]
) -> None:
    """Set the learning rate of optimizers to that of the schedule, and record it."""
    model._update_learning_rate(optimizers)


def predict(policy: BasePolicy, observations: PyTorchObs, **masks: torch.Tensor | None) -> torch.Tensor:
    """Return the most likely actions before they are scaled or clipped; `action_masks` for policies with masks."""
    return policy._predict(observations, deterministic=True, **masks)


def predict_recurrent(
    policy: BasePolicy,
    observations: PyTorchObs,
    states: tuple[torch.Tensor, torch.Tensor],
    episode_starts: torch.Tensor,
) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    """Return the same for a policy with an LSTM, and its next state, (layers, n, width) each."""
    assert isinstance(policy, RecurrentActorCriticPolicy)
    actions, following = policy._predict(
        observations,  # type: ignore[arg-type] # dicts, too
        states,
        episode_starts,
        deterministic=True,
    )
    return actions, (following[0], following[1])


def n_updates(model: OnPolicyAlgorithm | OffPolicyAlgorithm) -> int:
    """Gradient steps, or epochs of PPO, that a model has made."""
    return model._n_updates


def count_updates(model: OnPolicyAlgorithm | OffPolicyAlgorithm, number: int) -> None:
    """Add to the gradient steps, or epochs of PPO, that a model has made."""
    model._n_updates += number


def evolve(model: ARS, callback: BaseCallback) -> None:
    """Try one set of perturbed policies of ARS and update its policy from them."""
    model._do_one_update(callback, async_eval=None)


def last_observations(model: BaseAlgorithm) -> np.ndarray:
    """Observations (n, ...) that a model without dictionary observations acts on next."""
    found = last_observation_parts(model)
    assert isinstance(found, np.ndarray)
    return found


def last_observation_parts(model: BaseAlgorithm) -> np.ndarray | dict[str, np.ndarray]:
    """Observations (n, ...) that a model acts on next; dictionaries are by key."""
    assert isinstance(model._last_obs, np.ndarray | dict)  # since `set_up_learning`
    return model._last_obs


def last_episode_starts(model: BaseAlgorithm) -> np.ndarray | None:
    """Whether the observations that a model acts on next are the first of an episode, (n,) bool."""
    return model._last_episode_starts


def set_last_step(model: BaseAlgorithm, observations: VecEnvObs, episode_starts: np.ndarray) -> None:
    """Store the results of the environment for the next step."""
    assert not isinstance(observations, tuple)  # SB3's buffers hold no tuples
    model._last_obs, model._last_episode_starts = observations, episode_starts


def restart_episodes(model: BaseAlgorithm, seed: int) -> None:
    """Start new episodes in all environments, like `_setup_learn`; unfinished episodes in a HER buffer end."""
    assert model.env is not None
    if isinstance(model, OffPolicyAlgorithm) and isinstance(model.replay_buffer, HerReplayBuffer):
        model.replay_buffer.truncate_last_trajectory()
    if model.action_noise is not None:
        model.action_noise.reset()
    model.action_space.seed(seed)
    model.env.seed(seed)
    model._last_obs = model.env.reset()  # type: ignore[assignment]
    model._last_episode_starts = np.ones((model.env.num_envs,), dtype=bool)
    if model._vec_normalize_env is not None:
        model._last_original_obs = model._vec_normalize_env.get_original_obs()


def record_episodes(model: BaseAlgorithm, infos: list[dict[str, object]], dones: np.ndarray) -> None:
    """Add the returns, lengths and successes of finished episodes to the model's buffers of episodes."""
    model._update_info_buffer(infos, dones)


def use_normalizer(model: BaseAlgorithm, normalizer: object) -> None:
    """Let a model normalise samples of its replay buffer.

    Args:
        model: An off-policy model.
        normalizer: An object with the methods of VecNormalize that SB3 calls.
    """
    model._vec_normalize_env = normalizer  # type: ignore[assignment]


def names_in_model_zip(model: BaseAlgorithm) -> tuple[list[str], list[str]]:
    """Names of the modules and optimizers, and of the tensors, that `model.save` writes with torch."""
    return model._get_torch_save_params()


def names_not_in_model_zip(model: BaseAlgorithm) -> list[str]:
    """Names of the attributes that `model.save` leaves out of the part that is JSON."""
    return model._excluded_save_params()


def n_recent_episodes(model: BaseAlgorithm) -> int:
    """Number of latest episodes that SB3 averages over."""
    return model._stats_window_size


def lstm_states(model: BaseAlgorithm) -> RNNStates | None:
    """Hidden states of a recurrent model; None for other models, and before the first rollout."""
    return getattr(model, "_last_lstm_states", None)


def set_lstm_states(model: RecurrentPPO, states: RNNStates) -> None:
    """Set the hidden states of a recurrent model."""
    model._last_lstm_states = states  # type: ignore[assignment]
