"""Algorithms of Stable-Baselines3, sb3-contrib and of users as learners."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from gymnasium import Space
from gymnasium.vector import VectorEnv
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import Problem
from rl_pipeline.config.training import Training
from rl_pipeline.learners.device import choose_device
from rl_pipeline.learners.learner import (
    MODEL,
    VEC_NORMALIZE,
    Description,
    Fault,
    Learner,
    NonFiniteError,
    Phase,
)
from rl_pipeline.learners.parallel.ranks import Ranks, SingleRank
from rl_pipeline.learners.parallel.statistics import SharedStatistics
from rl_pipeline.learners.random_state import seed_sampling
from rl_pipeline.learners.sb3 import checks, internals, parallel
from rl_pipeline.learners.sb3.adapter import SB3Adapter
from rl_pipeline.learners.sb3.build import build_model, build_model_for_acting, require
from rl_pipeline.learners.sb3.description import device, networks
from rl_pipeline.learners.sb3.dextgen_networks import load_dextgen_networks
from rl_pipeline.learners.sb3.episodes import episode_values, mean_return, means
from rl_pipeline.learners.sb3.iteration import PhaseCallback, iteration_length, run_iteration
from rl_pipeline.learners.sb3.logger import logger_state, restore_logger_state, take_values
from rl_pipeline.learners.sb3.model_file import load_parameters, save_model
from rl_pipeline.learners.sb3.normalizer_view import use_raw_experience
from rl_pipeline.learners.sb3.off_policy_options import limit_learning
from rl_pipeline.learners.sb3.own_state import plain_arguments
from rl_pipeline.learners.sb3.parameters import valid_parameters
from rl_pipeline.learners.sb3.policy import SB3Policy
from rl_pipeline.learners.sb3.registry import find_algorithm
from rl_pipeline.learners.sb3.scheduled_attributes import apply_schedules, attribute_schedules
from rl_pipeline.learners.sb3.state import (
    COUNTERS,
    learner_state,
    replay_buffer_state,
    restore_learner_state,
    restore_replay_buffer,
)
from rl_pipeline.learners.sb3.vec_normalize import save_vec_normalize
from rl_pipeline.plain_data import StateDict


class SB3Learner(Learner):
    """Trains a model of Stable-Baselines3.

    Args:
        training: The `training` section of the configuration.
        env: The environment with its wrappers.
        seed: Seeds Python, NumPy, torch, the action space and the environment.
        device: A torch device; by default that of the configuration.

    Attributes:
        model: The model.
        callback: Callback of the model.
    """

    def __init__(self, training: Training, env: VectorEnv, *, seed: int, device: str | None = None) -> None:
        super().__init__(training, env, seed=seed)
        device = device or choose_device(training.training.device)
        self._adapter = SB3Adapter(env)
        self.model = build_model(training, self._adapter, seed=seed, device=device)
        self.callback = PhaseCallback()
        self._arguments = plain_arguments(self.model)
        self._schedules = attribute_schedules(training.schedules)
        self._ranks: Ranks = SingleRank()
        self._statistics: SharedStatistics | None = None

    @classmethod
    def for_acting(
        cls, training: Training, observation_space: Space[Any], action_space: Space[Any]
    ) -> SB3Policy:
        """See `Learner.for_acting`."""
        return SB3Policy(build_model_for_acting(training, observation_space, action_space))

    @classmethod
    def check(cls, training: Training, environment: Environment | None) -> list[Problem]:
        """See `Learner.check`."""
        return checks.check_algorithm(training, environment) + checks.check_architecture(
            training.architecture
        )

    @classmethod
    def check_spaces(
        cls, training: Training, environment: Environment, observation: Space, action: Space
    ) -> list[Problem]:
        """See `Learner.check_spaces`."""
        problems = checks.check_action_space(training, environment, action)
        problems += checks.check_rotation_head(training, action)
        return problems + checks.check_goals(training, environment, observation)

    @classmethod
    def experience_bytes(
        cls, training: Training, environment: Environment, observation: int, action: int
    ) -> dict[str, int]:
        """See `Learner.experience_bytes`."""
        return checks.buffer_bytes(training, environment, observation, action)

    @classmethod
    def discount_factor(cls, training: Training) -> float:
        """See `Learner.discount_factor`; each algorithm has its own default."""
        parameter = valid_parameters(require(find_algorithm(training.algorithm)).model_class).get("gamma")
        default = parameter.default if parameter is not None else 0.99
        return float(training.algorithm_parameters.get("gamma", default))

    @classmethod
    def stock_loader(cls, training: Training) -> str | None:
        """See `Learner.stock_loader`."""
        model_class = require(find_algorithm(training.algorithm)).model_class
        package = model_class.__module__.partition(".")[0]
        return f"{package}.{model_class.__name__}.load and VecNormalize.load of stable_baselines3"

    @classmethod
    def check_parallel(cls, training: Training) -> list[Problem]:
        """See `Learner.check_parallel`."""
        return parallel.check_parallel(training)

    def join(self, ranks: Ranks) -> None:
        """See `Learner.join`."""
        parallel.join(self.model, ranks)
        self._ranks, self._statistics = ranks, SharedStatistics(self.env, ranks)

    def start(self) -> None:
        """Run the set-up of SB3's `learn` before its first iteration."""
        use_raw_experience(self.model, self.env)
        if isinstance(self.model, OffPolicyAlgorithm):
            limit_learning(self.model, self.training.off_policy)
        self.model.set_logger(Logger(None, []))
        internals.set_up_learning(self.model, self.training.training.total_timesteps, self.callback)
        self.callback.on_training_start({}, {})
        self._merge_statistics()

    @property
    def timesteps(self) -> int:
        """See `Learner.timesteps`."""
        return self.model.num_timesteps

    def iterate(self, on_phase: Callable[[Phase], object]) -> None:
        """See `Learner.iterate`."""
        self.callback.on_phase = on_phase
        apply_schedules(self.model, self._schedules)
        run_iteration(self.model, self.callback, self._share)

    def _share(self, collected: int) -> None:
        """Count the timesteps of all ranks, and normalise with shared statistics from now on."""
        self.model.num_timesteps += (self._ranks.size - 1) * collected
        self._merge_statistics()

    def _merge_statistics(self) -> None:
        if self._statistics is not None:
            self._statistics.merge()

    @property
    def policy(self) -> SB3Policy:
        """See `Learner.policy`."""
        return SB3Policy(self.model)

    def take_metrics(self) -> dict[str, float]:
        """See `Learner.take_metrics`: SB3's own records and averages over the latest episodes of all ranks."""
        own = {**take_values(self.model.logger), **episode_values(self.model)}
        return means(self._ranks.gather(own))

    @property
    def mean_return(self) -> float | None:
        """See `Learner.mean_return`."""
        return mean_return(self.model)

    def check_finite(self) -> None:
        """See `Learner.check_finite`."""
        for name, tensor in self.model.policy.state_dict().items():
            if not torch.isfinite(tensor).all():
                raise NonFiniteError(f"policy.{name} is not finite")

    @property
    def first_fault(self) -> Fault | None:
        """See `Learner.first_fault`."""
        return self._adapter.faults.first

    def describe(self) -> Description:
        """See `Learner.describe`."""
        length = iteration_length(self.model, self._ranks.size)
        return Description(networks(self.model.policy), device(self.model), length)

    def write_policy(self, folder: Path) -> None:
        """Write networks, optimizers and running statistics for us and for stock Stable-Baselines3."""
        archive = io.BytesIO()  # on a full disk, torch raises various errors
        save_model(self.model, archive)
        (folder / MODEL).write_bytes(archive.getbuffer())
        save_vec_normalize(self.env, folder / VEC_NORMALIZE)

    def load_pretrained(self, file: Path) -> None:
        """Start from the networks and optimizers of any `model.zip` of SB3; counters start at zero.

        A folder contains networks of dextgen.
        """
        if file.is_dir():
            load_dextgen_networks(file, self.model)
        else:
            load_parameters(file, self.model)

    def convert_policy(self, source: Path, target: Path) -> None:
        """See `Learner.convert_policy`; the counters are read from the part of `model.zip` that is JSON."""
        self.policy.load(source)
        with zipfile.ZipFile(source / MODEL) as archive:
            data = json.loads(archive.read("data"))
        for name in COUNTERS:
            if isinstance(data.get(name), int | float):
                setattr(self.model, name, data[name])
        self.write_policy(target)

    def state_dict(self) -> StateDict:
        """See `Learner.state_dict`."""
        own = learner_state(self.model, self._arguments, self._schedules.keys())
        return {**own, "logger": logger_state(self.model.logger)}

    def load_state_dict(self, state: StateDict) -> None:
        """See `Learner.load_state_dict`."""
        restore_learner_state(self.model, state)
        restore_logger_state(self.model.logger, state["logger"])

    def restart_episodes(self, seed: int) -> None:
        """See `Learner.restart_episodes`."""
        seed_sampling(seed)
        internals.restart_episodes(self.model, seed)
        self._merge_statistics()

    def experience_dict(self) -> StateDict | None:
        """Return the replay buffer of an off-policy algorithm."""
        if not isinstance(self.model, OffPolicyAlgorithm) or self.model.replay_buffer is None:
            return None
        return replay_buffer_state(self.model.replay_buffer)

    def load_experience_dict(self, state: StateDict) -> None:
        """Fill the replay buffer of an off-policy algorithm."""
        if isinstance(self.model, OffPolicyAlgorithm) and self.model.replay_buffer is not None:
            restore_replay_buffer(self.model.replay_buffer, state)
