import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import VectorEnv

from rl_pipeline.bridge.lockstep import LockstepEndpoint
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.unity_ros import UnityRos
from rl_pipeline.envs.errors import MalformedReplyError, SimulationError
from rl_pipeline.envs.factory import make_vector_env

PLAYER = Path(__file__).parents[3] / "unity_build" / "player" / "tank.x86_64"
STILL = np.zeros((2, 2), np.float32)


@pytest.fixture
def build() -> str:
    return str(PLAYER)


@contextmanager
def tanks(
    build: str, n: int = 2, seed: int = 3, arguments: tuple[str, ...] = (), **keys: Any
) -> Iterator[VectorEnv]:
    settings = UnityRos(build_path=build, arguments=list(arguments), port=0, **{"timeout": 20.0, **keys})
    env = make_vector_env(
        Environment(id="Tank", backend="unity_ros", n_environments=n, unity_ros=settings), seed=seed
    )
    try:
        yield env
    finally:
        env.close()


def kill(env: VectorEnv, number: int = 0) -> None:
    process = env.unwrapped._instances[number]._process  # type: ignore[attr-defined]
    os.kill(process.pid, signal.SIGKILL)
    process._process.wait()


def trajectory(env: VectorEnv, steps: int = 160) -> list[np.ndarray]:
    env.reset(seed=3)
    chance = np.random.default_rng(0)
    seen = []
    for _ in range(steps):
        observations, rewards, terminated, truncated, infos = env.step(
            chance.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        )
        seen += [observations, rewards, terminated, truncated]
        if "final_obs" in infos:
            seen.append(infos["final_obs"][infos["_final_obs"]])
    return seen


def test_layouts_and_several_programs_give_the_same_trajectory(build: str) -> None:
    with tanks(build, 4) as one:
        expected = trajectory(one)
    assert any(flags.any() for flags in expected[3::5])
    for keys in ({"services": "each", "arguments": ("--services", "each")}, {"n_instances": 2}):
        with tanks(build, 4, **keys) as other:  # type: ignore[arg-type]
            for left, right in zip(expected, trajectory(other), strict=True):
                np.testing.assert_array_equal(left, right)


def test_reset_mask_leaves_the_others_as_they_are(build: str) -> None:
    with tanks(build) as env:
        before, _ = env.reset(seed=5)
        after, _ = env.reset(options={"reset_mask": np.array([True, False])})
    np.testing.assert_array_equal(before[1], after[1])
    assert (before[0] != after[0]).any()


@pytest.mark.parametrize("services", ["batch", "each"])
def test_a_killed_program_is_started_again_and_its_episodes_are_truncated(build: str, services: str) -> None:
    arguments = ("--services", services)
    with tanks(build, 4, arguments=arguments, services=services, n_instances=2) as env:
        last = env.step(np.zeros((4, 2), np.float32))[0]
        kill(env, 1)
        _, rewards, _, truncated, infos = env.step(np.zeros((4, 2), np.float32))
        np.testing.assert_array_equal(truncated, [False, False, True, True])
        np.testing.assert_array_equal(rewards[2:], 0.0)
        np.testing.assert_array_equal(infos["final_obs"][2:], last[2:])
        assert not env.step(np.zeros((4, 2), np.float32))[3].any()


def test_a_program_that_dies_too_often_ends_the_run(build: str) -> None:
    arguments = ("--fault", "crash", "--after", "1")
    with tanks(build, arguments=arguments, max_restarts=1) as env:
        for _ in range(3):  # a step, the crash, and the step of the program that was started again
            env.step(STILL)
        with pytest.raises(SimulationError, match=r"(?s)crashed on demand.*max_restarts"):
            env.step(STILL)


def test_a_program_that_stalls_is_started_again(build: str, caplog: pytest.LogCaptureFixture) -> None:
    arguments = ("--fault", "stall", "--after", "1")
    with tanks(build, arguments=arguments, timeout=2.0) as env:
        assert [env.step(STILL)[3].all() for _ in range(2)] == [False, True]
    assert "no answer to request" in caplog.text


@pytest.mark.parametrize(
    ("fault", "message"),
    [("nan", "environment 0 has NaN"), ("size", "has 9 values, expected 10"), ("garbage", "header")],
)
def test_wrong_answers_are_refused_by_name(build: str, fault: str, message: str) -> None:
    with (
        tanks(build, arguments=("--fault", fault)) as env,
        pytest.raises(MalformedReplyError, match=f"/unity.*{message}"),
    ):
        env.step(STILL)


def test_what_cannot_be_made_is_refused_with_a_remedy(build: str) -> None:
    with LockstepEndpoint() as other:
        section = Environment(id="Tank", backend="unity_ros", unity_ros=UnityRos(port=other.port))
        with pytest.raises(ConfigError, match="cannot listen"):
            make_vector_env(section)
    with pytest.raises(ConfigError, match="the Unity build does not exist"), tanks("/no/such/build"):
        pass
    with pytest.raises(ConfigError, match="ended with status"), tanks("/bin/false"):
        pass


def test_a_program_that_was_started_by_hand_may_come_late_and_is_left_alone(build: str) -> None:
    with LockstepEndpoint() as free:
        port = free.port
    player = subprocess.Popen([sys.executable, build, "--ros-port", str(port), "--n-environments", "2"])
    try:
        settings = UnityRos(port=port)
        section = Environment(id="Tank", backend="unity_ros", n_environments=2, unity_ros=settings)
        for _ in range(2):
            env = make_vector_env(section)
            assert env.step(STILL)[0].shape == (2, 5)
            env.close()
        assert player.poll() is None
    finally:
        player.kill()
        player.wait()


def test_a_state_goes_on_with_new_episodes(build: str) -> None:
    with tanks(build) as env:
        state = env.state_dict()  # type: ignore[attr-defined]
        with pytest.warns(RuntimeWarning, match="new episodes"):
            env.load_state_dict(state)  # type: ignore[attr-defined]
        assert env.step(STILL)[0].shape == (2, 5)
