"""One iteration of an algorithm: act in the environment, then learn from it.

These are the bodies of the loops in SB3's `learn` methods. The trainer runs them one by one, because only
between two iterations the state of a training is small enough to be saved and continued bit-exactly.
"""

from collections.abc import Callable
from typing import cast

from sb3_contrib import ARS
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.type_aliases import TrainFreq, TrainFrequencyUnit

from rl_pipeline.learners.learner import IterationLength, Phase
from rl_pipeline.learners.sb3 import internals


class PhaseCallback(BaseCallback):
    """Reports the start of collection and update.

    Attributes:
        on_phase: Called with the phase that starts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_phase: Callable[[Phase], object] = lambda phase: None

    def _on_rollout_start(self) -> None:
        self.on_phase("collect")

    def _on_rollout_end(self) -> None:
        self.on_phase("update")

    def _on_step(self) -> bool:
        return True


def iteration_length(model: BaseAlgorithm, n_ranks: int = 1) -> IterationLength:
    """Return the length of a model's iteration, summed over all ranks."""
    if isinstance(model, ARS):
        candidates = f"2 x n_delta x n_eval_episodes = 2 x {model.n_delta} x {model.n_eval_episodes}"
        return IterationLength(None, f"{candidates} episodes")
    if isinstance(model, OffPolicyAlgorithm):
        train_freq = cast(TrainFreq, model.train_freq)  # set by `_setup_model`
        name, n_steps = "train_freq", train_freq.frequency
        if train_freq.unit == TrainFrequencyUnit.EPISODE:
            return IterationLength(None, f"train_freq = {n_steps:,} episode{'' if n_steps == 1 else 's'}")
    else:
        assert isinstance(model, OnPolicyAlgorithm)
        name, n_steps = "n_steps", model.n_steps
    names, numbers = f"{name} x n_environments", f"{n_steps:,} x {model.n_envs:,}"
    if n_ranks > 1:
        names, numbers = f"{names} x ranks", f"{numbers} x {n_ranks:,}"
    return IterationLength(n_steps * model.n_envs * n_ranks, f"{names} = {numbers}")


def run_iteration(
    model: BaseAlgorithm,
    callback: BaseCallback,
    on_collected: Callable[[int], object] = lambda timesteps: None,
) -> None:
    """Collect experience and update the policy once.

    Args:
        model: A model on which `internals.set_up_learning` has been called.
        callback: Gets SB3's events: rollout start, every step, rollout end.
        on_collected: Called before the update with the number of collected timesteps; ARS does not call it.
    """
    before = model.num_timesteps

    def collected() -> None:
        on_collected(model.num_timesteps - before)

    if isinstance(model, OffPolicyAlgorithm):
        _off_policy_iteration(model, callback, collected)
    elif isinstance(model, OnPolicyAlgorithm):
        _on_policy_iteration(model, callback, collected)
    else:
        assert isinstance(model, ARS)
        _evolution_iteration(model, callback)


def _on_policy_iteration(
    model: OnPolicyAlgorithm, callback: BaseCallback, collected: Callable[[], None]
) -> None:
    assert model.env is not None
    model.collect_rollouts(model.env, callback, model.rollout_buffer, n_rollout_steps=model.n_steps)
    collected()
    internals.update_progress(model)
    model.train()


def _off_policy_iteration(
    model: OffPolicyAlgorithm, callback: BaseCallback, collected: Callable[[], None]
) -> None:
    assert model.env is not None
    assert model.replay_buffer is not None
    rollout = model.collect_rollouts(
        model.env,
        callback,
        cast(TrainFreq, model.train_freq),  # set by `_setup_model`
        model.replay_buffer,
        model.action_noise,
        model.learning_starts,
        log_interval=None,
    )
    collected()
    if model.num_timesteps <= model.learning_starts:
        return
    gradient_steps = model.gradient_steps if model.gradient_steps >= 0 else rollout.episode_timesteps
    if gradient_steps > 0:
        model.train(batch_size=model.batch_size, gradient_steps=gradient_steps)


def _evolution_iteration(model: ARS, callback: BaseCallback) -> None:
    internals.update_progress(model)
    internals.evolve(model, callback)
