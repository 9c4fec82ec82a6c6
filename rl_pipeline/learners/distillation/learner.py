"""Learner that trains one policy on the recorded episodes of others."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from gymnasium import Space, spaces
from gymnasium.vector import VectorEnv

from rl_pipeline.config.distillation import Distillation
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.training import Training
from rl_pipeline.learners.device import choose_device
from rl_pipeline.learners.distillation.data import Batch
from rl_pipeline.learners.distillation.lessons import Lessons, make_lessons
from rl_pipeline.learners.distillation.models import find_model
from rl_pipeline.learners.distillation.optimizer_state import optimizer_state, restore_optimizer_state
from rl_pipeline.learners.distillation.policy import DistilledPolicy
from rl_pipeline.learners.distillation.student import Prediction
from rl_pipeline.learners.learner import Description, IterationLength, Learner, NonFiniteError, Phase
from rl_pipeline.plain_data import StateDict

KEY = "training.distillation"
UNUSED = ("algorithm_parameters", "schedules", "hindsight_replay", "off_policy")
"""Keys of `training` that belong to algorithms of reinforcement learning."""


class DistillationLearner(Learner):
    """Trains a student with supervised learning; an iteration is one update.

    A timestep is a recorded timestep that was used for training; padding does not count. The environment is not
    stepped: it defines the student's observations, and its normaliser gets the statistics of the data.

    Args:
        training: The `training` section of the configuration.
        env: The environment with its wrappers.
        seed: Seeds the network, the split of the data and its order.

    Attributes:
        settings: The section `training.distillation`.
    """

    def __init__(self, training: Training, env: VectorEnv, *, seed: int) -> None:
        from lightning_fabric import Fabric  # takes a second
        from lightning_fabric.plugins.environments import LightningEnvironment

        super().__init__(training, env, seed=seed)
        self.settings = settings_of(training)
        device = torch.device(choose_device(training.training.device))
        self._fabric = Fabric(
            accelerator=device.type,
            devices=1 if device.index is None else [device.index],
            precision=self.settings.precision,
            plugins=[LightningEnvironment()],  # one process, independent of a cluster's variables
        )
        torch.manual_seed(seed)
        self._policy = self.for_acting(training, env.single_observation_space, env.single_action_space)
        parameters = self._policy.student.parameters()
        is_fused = device.type in ("cpu", "cuda")
        optimizer = torch.optim.Adam(parameters, self.settings.learning_rate, fused=is_fused)
        self._network, self._optimizer = self._fabric.setup(self._policy.student, optimizer)
        self._lessons: Lessons
        self._batches: Iterator[Batch] = iter(())
        self._timesteps = self._updates = self._epoch = self._position = 0
        self._sums: dict[str, float] = {}
        self._validation: dict[str, float] = {}

    @classmethod
    def for_acting(
        cls, training: Training, observation_space: Space[Any], action_space: Space[Any]
    ) -> DistilledPolicy:
        """See `Learner.for_acting`."""
        assert isinstance(action_space, spaces.Box)  # `check_spaces` refuses others
        return DistilledPolicy(settings_of(training), observation_space, action_space)

    @classmethod
    def check(cls, training: Training, environment: Environment | None) -> list[Problem]:
        """See `Learner.check`."""
        try:
            settings = settings_of(training)
            find_model(settings.model)
        except ConfigError as error:
            return error.problems
        problems = [
            Problem(
                f"{KEY}.files.{number}",
                "the file does not exist",
                file,
                remedy="record it with rl-pipeline collect",
            )
            for number, file in enumerate(settings.files)
            if not Path(file).is_file()
        ]
        return problems + [
            Problem(f"training.{key}", "is not read by distillation", remedy=f"remove it; see {KEY}")
            for key in UNUSED
            if getattr(training, key) != getattr(Training(), key)
        ]

    @classmethod
    def check_spaces(
        cls, training: Training, environment: Environment, observation: Space, action: Space
    ) -> list[Problem]:
        """See `Learner.check_spaces`."""
        parts = list(observation.values()) if isinstance(observation, spaces.Dict) else [observation]
        problems = [
            Problem("environment.id", f"{what} are {space}; distillation needs a Box of numbers")
            for what, space in [*(("observations", part) for part in parts), ("actions", action)]
            if not isinstance(space, spaces.Box)
        ]
        settings = training.distillation
        if problems or settings is None or settings.inputs is None:
            return problems
        size = spaces.flatdim(observation)
        return [
            Problem(
                f"{KEY}.inputs.{number}", "is not a position in the observation", index, [f"0 to {size - 1}"]
            )
            for number, index in enumerate(settings.inputs)
            if index >= size
        ]

    def start(self) -> None:
        """Open the files, and fit the environment's normaliser to the data."""
        self._lessons = make_lessons(self.settings, self.env, self._policy.flatten, self.seed)
        self._batches = self._epoch_from(0)

    def _epoch_from(self, position: int) -> Iterator[Batch]:
        training = self._lessons.training
        return training.batches(training.order(self.seed, self._epoch), position)

    @property
    def timesteps(self) -> int:
        """Recorded timesteps that were used for training."""
        return self._timesteps

    @property
    def policy(self) -> DistilledPolicy:
        """See `Learner.policy`."""
        return self._policy

    def iterate(self, on_phase: Callable[[Phase], object]) -> None:
        """Learn from one batch; at the end of an epoch, compute the validation loss."""
        on_phase("collect")
        batch = next(self._batches)
        on_phase("update")
        self._policy.student.train()
        loss, mse = self._losses(batch, noise=self.settings.observation_noise)
        self._optimizer.zero_grad()
        self._fabric.backward(loss)
        if self.settings.max_grad_norm is not None:
            self._fabric.clip_gradients(self._network, self._optimizer, max_norm=self.settings.max_grad_norm)
        self._optimizer.step()
        self._timesteps += batch.n_steps
        self._updates += 1
        self._position += 1
        for name, value in (("loss", loss.item()), ("mse", mse.item()), ("count", 1.0)):
            self._sums[name] = self._sums.get(name, 0.0) + value
        if self._position == len(self._lessons.training):
            self._epoch, self._position = self._epoch + 1, 0
            self._validate()
            self._batches = self._epoch_from(0)

    def _losses(self, batch: Batch, *, noise: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean loss of the steps, and their mean squared error in the units of the actions."""
        arrays = (batch.inputs, batch.targets, batch.weights)
        inputs, targets, weights = self._fabric.to_device([torch.from_numpy(array) for array in arrays])
        if noise:
            inputs = inputs + noise * torch.randn_like(inputs)
        student, lengths = self._policy.student, batch.lengths if batch.is_ragged else None
        prediction = Prediction(*self._network(inputs, student.start(len(inputs)), lengths))
        errors = student.error(prediction, student.to_units(targets))
        mask = torch.zeros_like(weights)
        for row, length in enumerate(batch.lengths):
            mask[row, :length] = 1.0
        with torch.no_grad():
            squared = torch.square(student.to_actions(prediction.means.float()) - targets).mean(dim=-1)
            mse = (squared * mask).sum() / batch.n_steps
        return (errors * weights * mask).sum() / batch.n_steps, mse

    def _validate(self) -> None:
        windows = self._lessons.validation
        if not len(windows):
            return
        self._policy.student.eval()
        losses, squares, steps = 0.0, 0.0, 0
        with torch.no_grad():
            for batch in windows.batches(windows.in_order):
                loss, mse = self._losses(batch)
                losses, squares = losses + loss.item() * batch.n_steps, squares + mse.item() * batch.n_steps
                steps += batch.n_steps
        self._validation = {"validation/loss": losses / steps, "validation/mse": squares / steps}

    def take_metrics(self) -> dict[str, float]:
        """See `Learner.take_metrics`."""
        sums, self._sums = self._sums, {}
        if not sums:
            return {}
        count = sums["count"]
        means = {f"train/{name}": sums[name] / count for name in ("loss", "mse")}
        return {**means, "train/updates": self._updates, "train/epoch": self._epoch, **self._validation}

    def check_finite(self) -> None:
        """See `Learner.check_finite`."""
        for name, tensor in self._policy.student.state_dict().items():
            if not torch.isfinite(tensor).all():
                raise NonFiniteError(f"{name} is not finite")

    def describe(self) -> Description:
        """See `Learner.describe`."""
        settings = self.settings
        n_parameters = sum(parameter.numel() for parameter in self._policy.student.parameters())
        networks = f"{settings.model}, {settings.layers} x {settings.width}; {n_parameters:,} parameters"
        what = (
            "episodes" if settings.sequence_length is None else f"windows of {settings.sequence_length} steps"
        )
        length = IterationLength(None, f"an update with {settings.batch_size} {what}")
        return Description(networks, f"{self._fabric.device} ({settings.precision})", length)

    def write_policy(self, folder: Path) -> None:
        """See `Learner.write_policy`."""
        self._policy.save(folder)

    def state_dict(self) -> StateDict:
        """See `Learner.state_dict`."""
        return {
            "data": self._lessons.fingerprint,
            "timesteps": self._timesteps,
            "updates": self._updates,
            "epoch": self._epoch,
            "position": self._position,
            "sums": self._sums,
            "validation": self._validation,
            "optimizer": optimizer_state(self._optimizer),
        }

    def load_state_dict(self, state: StateDict) -> None:
        """See `Learner.load_state_dict`."""
        if list(state["data"]) != self._lessons.fingerprint:
            raise ValueError(f"the episodes in {KEY}.files have changed since the training began")
        self._timesteps, self._updates = state["timesteps"], state["updates"]
        self._epoch, self._position = state["epoch"], state["position"]
        self._sums, self._validation = dict(state["sums"]), dict(state["validation"])
        restore_optimizer_state(self._optimizer, state["optimizer"])
        self._batches = self._epoch_from(self._position)


def settings_of(training: Training) -> Distillation:
    """Return the section `training.distillation`.

    Raises:
        ConfigError: The section is missing.
    """
    if training.distillation is None:
        raise ConfigError([Problem(KEY, "is missing", remedy=f"add {KEY}.files, the files to learn from")])
    return training.distillation
