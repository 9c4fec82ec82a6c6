import collections
import enum
import random
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pygame
import pytest

from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from rl_pipeline.envs.gymnasium.make import EnvMaker
from rl_pipeline.envs.gymnasium.state import capture, restore
from rl_pipeline.envs.gymnasium.workers import WorkerVectorEnv
from rl_pipeline.run.state_file import read_state, write_state
from tests.envs.sample_envs import CountingEnv
from tests.envs.trajectories import assert_equal, play

EXACT = [
    *("CartPole-v1", "Pendulum-v1", "MountainCar-v0", "Acrobot-v1", "FrozenLake-v1"),
    *("HalfCheetah-v5", "Hopper-v5", "Ant-v5", "Humanoid-v5", "Reacher-v5", "InvertedDoublePendulum-v5"),
    *("FetchReach-v4", "FetchPickAndPlace-v4", "PointMaze_UMaze-v3"),
]


def through_a_file(state: dict[str, Any], folder: Path) -> dict[str, Any]:
    write_state(folder / "state.npz", state)
    return read_state(folder / "state.npz")


def walk(env: gymnasium.Env, n_steps: int) -> list[Any]:
    """Step with random actions of the environment's own action space, resetting where an episode ends."""
    record: list[Any] = []
    for _ in range(n_steps):
        observation, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        record.append([observation, float(reward), terminated, truncated])
        if terminated or truncated:
            record.append(env.reset()[0])
    return record


@pytest.mark.parametrize("environment_id", EXACT)
def test_a_restored_environment_goes_on_to_the_bit(environment_id: str, tmp_path: Path) -> None:
    def make() -> gymnasium.Env:
        return EnvMaker(environment_id, {"max_episode_steps": 20})()

    env, fresh, used = make(), make(), make()
    env.reset(seed=1)
    env.action_space.seed(2)
    used.reset(seed=3)
    walk(used, 5)
    walk(env, 33)
    state = through_a_file(capture(env), tmp_path)
    assert state["exact"]
    expected = walk(env, 50)
    for other in (fresh, used):
        assert restore(other, state).inexact == []
        assert_equal(walk(other, 50), expected)


@pytest.mark.parametrize("environment_id", ["BipedalWalker-v3", "LunarLander-v3"])
def test_a_box2d_environment_is_inexact_and_starts_a_new_episode(environment_id: str, tmp_path: Path) -> None:
    def make() -> gymnasium.Env:
        return gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make(environment_id))

    env, first, second = make(), make(), make()
    env.reset(seed=1)
    walk(env, 200)
    state = through_a_file(capture(env), tmp_path)
    assert not state["exact"]
    name = type(env.unwrapped).__name__
    assert f"{name}.world" in state["inexact"]
    assert restore(first, state).inexact == state["inexact"]
    restore(second, state)
    assert first.episode_count == env.episode_count  # wrappers are restored all the same
    for environment in (first, second):
        environment.action_space.seed(0)
    assert_equal(walk(first, 20), walk(second, 20))


def test_a_vector_environment_warns_once_of_what_is_not_exact() -> None:
    makers = [lambda: gymnasium.make("LunarLander-v3")] * 2
    env, other = InProcessVectorEnv(makers), InProcessVectorEnv(makers)
    env.reset(seed=0)
    state = env.state_dict()
    assert not state["exact"]
    with pytest.warns(
        RuntimeWarning, match=r"LunarLander-v3 was not restored exactly.*LunarLander.world"
    ) as warned:
        other.load_state_dict(state)
    assert len(warned) == 1


@pytest.mark.parametrize("n_workers", [0, 1])
def test_an_episode_that_cannot_be_restored_is_reported_as_truncated(n_workers: int) -> None:
    makers = [lambda: gymnasium.make("LunarLander-v3")] * 2
    env = InProcessVectorEnv(makers)
    other = WorkerVectorEnv(makers, n_workers) if n_workers else InProcessVectorEnv(makers)
    env.reset(seed=0)
    last = play(env, 5)[-1][0]
    with pytest.warns(RuntimeWarning, match="not restored exactly"):
        other.load_state_dict(env.state_dict())
    first, rewards, terminated, truncated, infos = other.step([0, 0])
    assert rewards.tolist() == [0.0, 0.0]
    assert truncated.all()
    assert not terminated.any()
    np.testing.assert_array_equal(infos["final_obs"], last)
    assert (first != last).any()
    assert not (other.step([0, 0])[3]).any()
    other.close()


def test_positions_kept_in_pygame_rectangles_are_not_taken_for_drawing() -> None:
    env = CountingEnv()
    env.reset(seed=0)
    env.player = pygame.Rect(1, 2, 3, 4)  # type: ignore[attr-defined]
    assert capture(env)["inexact"] == ["CountingEnv.player"]


def test_a_lagging_simulation_is_restored_as_it_is() -> None:
    def make() -> gymnasium.Env:
        return gymnasium.make("Humanoid-v5")

    env, other = make(), make()
    env.reset(seed=0)
    walk(env, 10)
    restore(other, capture(env))
    for name in ("xpos", "cvel", "cfrc_ext", "cinert", "qfrc_actuator", "qacc_warmstart"):
        np.testing.assert_array_equal(getattr(other.unwrapped.data, name), getattr(env.unwrapped.data, name))


def test_randomised_models_are_restored() -> None:
    env, other = gymnasium.make("Hopper-v5"), gymnasium.make("Hopper-v5")
    env.reset(seed=0)
    env.unwrapped.model.body_mass[:] *= 1.5
    env.unwrapped.model.opt.gravity[2] = -5.0
    env.unwrapped.model.opt.timestep = 0.001
    state = capture(env)
    restore(other, state)
    np.testing.assert_array_equal(other.unwrapped.model.body_mass, env.unwrapped.model.body_mass)
    env.action_space.seed(0)
    other.action_space.seed(0)
    assert_equal(walk(env, 20), walk(other, 20))


class Phase(enum.Enum):
    REACH = 1
    GRASP = 2


class Arm:
    def __init__(self) -> None:
        self.angles = np.zeros(2)
        self.tool = "none"


class RichEnv(CountingEnv):
    """Keeps its state in everything that Python offers."""

    def __init__(self) -> None:
        super().__init__()
        self.phase = Phase.REACH
        self.arm = Arm()
        self.same_arm = self.arm
        self.history: collections.deque[Any] = collections.deque(maxlen=3)
        self.visits: dict[Any, Any] = {(0, 0): [1]}
        self.matrix = np.zeros((2, 3), order="F")
        self.column = self.matrix[:, 1]
        self.python_random = random.Random(0)
        self.legacy_random = np.random.RandomState(0)
        self.scalar = np.float32(0)
        self.reward_function = max
        self.cycle: list[Any] = [self]

    def disturb(self) -> None:
        self.phase, self.scalar = Phase.GRASP, np.float32(0.1)
        self.arm.angles += 0.5
        self.arm.tool = "gripper"
        self.history.extend([(1, "a"), frozenset({2}), {3}, b"four"])
        self.visits[(1, 2)] = [None, float("nan"), 2**100]
        self.column[:] = 7.0
        self.python_random.random()
        self.legacy_random.standard_normal(3)


def test_plain_python_state_is_restored_with_its_sharing(tmp_path: Path) -> None:
    env, other = RichEnv(), RichEnv()
    env.reset(seed=0)
    env.disturb()
    assert restore(other, through_a_file(capture(env), tmp_path)).inexact == []
    assert other.phase is Phase.GRASP
    assert other.arm is other.same_arm
    assert (other.arm.angles.tolist(), other.arm.tool) == ([0.5, 0.5], "gripper")
    assert other.history == env.history
    assert other.history.maxlen == 3
    assert other.visits.keys() == env.visits.keys()
    assert other.visits[(1, 2)][2] == 2**100
    other.column[0] = 9.0
    assert other.matrix.tolist() == [[0.0, 9.0, 0.0], [0.0, 7.0, 0.0]]
    assert other.matrix.flags.f_contiguous
    assert type(other.scalar) is np.float32
    assert other.python_random.random() == env.python_random.random()
    assert other.legacy_random.standard_normal() == env.legacy_random.standard_normal()
    assert other.cycle[0] is other


def test_restoring_leaves_constants_that_environments_share_alone() -> None:
    constant = np.zeros(2)
    env, other = RichEnv(), RichEnv()
    env.arm.angles, other.arm.angles = np.ones(2), constant
    restore(other, capture(env))
    assert constant.tolist() == [0.0, 0.0]


def test_the_render_mode_is_that_of_the_new_environment() -> None:
    env, other = gymnasium.make("CartPole-v1"), gymnasium.make("CartPole-v1", render_mode="rgb_array")
    env.reset(seed=0)
    other.reset(seed=0)
    other.render()
    restore(other, capture(env))
    assert other.render_mode == "rgb_array"
    assert other.render().shape == (400, 600, 3)
    other.close()


class OwnStateEnv(CountingEnv):
    """Holds something that only it can save."""

    def __init__(self) -> None:
        super().__init__()
        self.handle = open("/dev/null")  # noqa: PTH123, SIM115
        self.steps_in_hardware = 0

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self.steps_in_hardware}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.steps_in_hardware = state["steps"]


def test_an_environments_own_state_wins() -> None:
    env = gymnasium.wrappers.TimeLimit(OwnStateEnv(), 10)
    other = gymnasium.wrappers.TimeLimit(OwnStateEnv(), 10)
    env.reset(seed=5)
    env.step(0)
    env.unwrapped.steps_in_hardware = 42
    state = capture(env)
    assert state["exact"]
    assert restore(other, state).inexact == []
    assert other.unwrapped.steps_in_hardware == 42
    assert other._elapsed_steps == 1
    assert other.unwrapped.np_random.random() == env.unwrapped.np_random.random()
    for each in (env, other):
        each.unwrapped.handle.close()


def test_what_cannot_be_saved_is_named() -> None:
    env = CountingEnv()
    env.reset(seed=0)
    env.lock = iter([])  # type: ignore[attr-defined]
    state = capture(env)
    assert not state["exact"]
    assert state["inexact"] == ["CountingEnv.lock"]


def test_a_state_that_does_not_fit_starts_a_new_episode() -> None:
    env, other = gymnasium.make("Hopper-v5"), gymnasium.make("HalfCheetah-v5")
    env.reset(seed=0)
    (reason,) = restore(other, capture(env)).inexact
    assert "HopperEnv" in reason
    walk(other, 2)
