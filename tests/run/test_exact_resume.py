"""A run that is cut off at any moment and resumed ends bit-exactly as if it had never stopped."""

import csv
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from rl_pipeline.config.schema import Config
from rl_pipeline.learners.sb3.iteration import PhaseCallback
from rl_pipeline.learners.sb3.learner import SB3Learner
from rl_pipeline.learners.sb3.state import replay_buffer_state
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.folder import RunFolder, create_run_folder
from rl_pipeline.run.plan import Plan, plan_resume
from rl_pipeline.run.rl_trainer import RLTrainer
from rl_pipeline.run.session import Session, open_session
from rl_pipeline.run.train import prepare_folder

SMALL_OFF_POLICY = (
    "training.algorithm_parameters.buffer_size=200",
    "training.algorithm_parameters.learning_starts=60",
    "training.algorithm_parameters.batch_size=16",
    "training.architecture.net_arch=[16, 16]",
)
SMALL_ROLLOUT = ("training.algorithm_parameters.n_steps=16",)
SMALL_BATCH = (*SMALL_ROLLOUT, "training.algorithm_parameters.batch_size=16")
NORMALIZED = ("environment.normalize=true",)
NOISE = "training.algorithm_parameters.action_noise={type: ornstein_uhlenbeck, std: 0.1}"
SCHEDULE = "training.schedules.learning_rate={type: linear, initial: 0.001, final: 0.0}"

PUSH = Path(__file__).parents[1] / "envs" / "mujoco" / "push.py"
HINDSIGHT = (
    "environment.backend=mujoco",
    *SMALL_OFF_POLICY[2:],
    "training.algorithm_parameters.buffer_size=160",
    "training.algorithm_parameters.learning_starts=80",
    "training.hindsight_replay={}",
)
OWN = Path(__file__).with_name("sample_algorithms.py")
CALLBACK = f"training.callbacks=['{Path(__file__).with_name('sample_callbacks.py')}:Journal']"

CASES = {
    "ppo": ("CartPole-v1", "ppo", *SMALL_BATCH, *NORMALIZED, SCHEDULE),
    "ppo_stock": ("Pendulum-v1", "ppo", *SMALL_BATCH, "training.engine=stock"),
    "ppo_sde": ("Pendulum-v1", "ppo", *SMALL_BATCH, "training.algorithm_parameters.use_sde=true"),
    "ppo_mujoco": ("HalfCheetah-v5", "ppo", *SMALL_BATCH, *NORMALIZED),
    "ppo_mujoco_batch": ("HalfCheetah-v5", "ppo", *SMALL_BATCH, *NORMALIZED, "environment.backend=mujoco"),
    "ppo_motion": (
        "MotionImitation-v0",
        "ppo",
        *SMALL_BATCH,
        "environment.backend=mujoco",
        "environment.kwargs={motion: [planar_walker_slow_walk, planar_walker_walk], observe_speed: true}",
        "training.training.eval.intervals=[{metric: distance, at_least: -9.0, frequency: 50}]",
    ),
    "ppo_workers": ("Pendulum-v1", "ppo", *SMALL_BATCH, "environment.n_workers=2"),
    "ppo_wrappers": (
        "Pendulum-v1",
        "ppo",
        *SMALL_BATCH,
        "environment.wrappers=[{time_limit: {max_episode_steps: 30}}, {observation_noise: {std: 0.1}}, "
        "{frame_stack: {n_frames: 2}}, {action_history: {n_actions: 2}}]",
    ),
    "a2c": ("CartPole-v1", "a2c"),
    "trpo": ("CartPole-v1", "trpo", *SMALL_BATCH),
    "maskableppo": (f"{Path(__file__).with_name('sample_envs.py')}:MaskedEnv", "maskableppo", *SMALL_BATCH),
    "recurrentppo": ("CartPole-v1", "recurrentppo", *SMALL_BATCH),
    "sac": ("Pendulum-v1", "sac", *SMALL_OFF_POLICY, *NORMALIZED),
    "sac_layer_norm": ("Pendulum-v1", "sac", *SMALL_OFF_POLICY, "training.architecture.layer_norm=true"),
    "sac_stock": ("Pendulum-v1", "sac", *SMALL_OFF_POLICY, "training.engine=stock"),
    "td3": ("Pendulum-v1", "td3", *SMALL_OFF_POLICY, NOISE),
    "ddpg": ("Pendulum-v1", "ddpg", *SMALL_OFF_POLICY),
    "tqc": ("Pendulum-v1", "tqc", *SMALL_OFF_POLICY),
    "crossq": ("Pendulum-v1", "crossq", *SMALL_OFF_POLICY),
    "dqn": ("CartPole-v1", "dqn", *SMALL_OFF_POLICY),
    "qrdqn": ("CartPole-v1", "qrdqn", *SMALL_OFF_POLICY),
    "ars": ("CartPole-v1", "ars", "training.algorithm_parameters.n_delta=2"),
    "her": (
        "FetchReach-v4",
        "sac",
        *SMALL_OFF_POLICY[1:],
        "training.algorithm_parameters.buffer_size=400",
        "training.algorithm_parameters.learning_starts=120",
        "training.hindsight_replay={}",
    ),
    "her_fetch": (
        "FetchPush-v4",
        "sac",
        *HINDSIGHT,
        *NORMALIZED,
        "training.algorithm_parameters.buffer_size=400",
        "training.algorithm_parameters.learning_starts=120",
    ),
    "her_batch": (f"{PUSH}:Push", "ddpg", *HINDSIGHT, *NORMALIZED, NOISE),
    "her_stock": (f"{PUSH}:Push", "tqc", *HINDSIGHT, "training.engine=stock"),
    "own_on_policy": ("CartPole-v1", f"{OWN}:RestlessPPO", *SMALL_BATCH),
    "callback_on_policy": ("CartPole-v1", "ppo", *SMALL_BATCH, CALLBACK),
    "callback_off_policy": ("CartPole-v1", "dqn", *SMALL_OFF_POLICY, CALLBACK),
    "own_off_policy": ("CartPole-v1", f"{OWN}:CountingDQN", *SMALL_OFF_POLICY),
}


class Cut(BaseException):
    """Stands for a kill: nothing of the run gets a chance to react to it."""


class CuttingCallback(PhaseCallback):
    """Ends the training in the middle of an iteration."""

    moment: ClassVar[float] = math.inf

    def _on_step(self) -> bool:
        if self.model.num_timesteps > self.moment:
            raise Cut
        return True


def train(plan: Plan, moment: float = math.inf) -> tuple[RunFolder, Session]:
    """Do what `run_plan` does, but hand out the session and end it at a moment."""
    folder = plan.folder or create_run_folder(plan.config)
    with open_session(plan.config, folder, plan.resume) as session, TrainingControl().listening() as control:
        prepare_folder(folder, plan)
        assert isinstance(session.learner, SB3Learner)
        session.learner.callback.__class__ = CuttingCallback
        CuttingCallback.moment = moment
        RLTrainer(plan.config, folder, session, control).train()
    return folder, session


def curve(folder: RunFolder) -> list[dict[str, str]]:
    with (folder.path / "progress.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in rows]


def assert_same_tree(first: Any, second: Any, where: str = "") -> None:
    if isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key in first:
            assert_same_tree(first[key], second[key], f"{where}.{key}")
    elif isinstance(first, list | tuple):
        assert len(first) == len(second), where
        for index, pair in enumerate(zip(first, second, strict=True)):
            assert_same_tree(*pair, f"{where}[{index}]")
    elif isinstance(first, torch.Tensor | np.ndarray):
        np.testing.assert_array_equal(np.asarray(first), np.asarray(second), err_msg=where)
    else:
        assert first == second, where


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize("case", CASES)
def test_a_cut_run_ends_like_one_that_was_not(case: str, make_config: Callable[..., Config]) -> None:
    config = make_config(*CASES[case])
    whole, uncut = train(Plan(config))
    moment = random.Random(case).randrange(70, 250)
    with pytest.raises(Cut):
        train(Plan(config), moment)
    parts = next(path for path in whole.path.parent.iterdir() if path != whole.path)
    plan = plan_resume(str(parts))
    assert plan.resume is not None
    assert 0 < plan.resume.timestep <= moment
    _, resumed = train(plan)

    models = [session.learner.model for session in (uncut, resumed)]
    assert_same_tree(*(model.get_parameters() for model in models))
    assert uncut.learner.timesteps == resumed.learner.timesteps
    if isinstance(models[0], OffPolicyAlgorithm):
        buffers = [replay_buffer_state(model.replay_buffer) for model in models]
        assert buffers[0]["filled"] > 0
        assert_same_tree(*buffers)
    assert_same_tree(uncut.callbacks.states(), resumed.callbacks.states())
    assert len(curve(whole)) > 1
    assert curve(whole) == curve(RunFolder(parts))
    assert (whole.path / "evaluations.csv").read_text() == (parts / "evaluations.csv").read_text()
