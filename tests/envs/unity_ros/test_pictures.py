import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import VectorEnv

from rl_pipeline.bridge.lockstep import LockstepEndpoint
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.unity_ros import UnityRos
from rl_pipeline.envs.factory import make_vector_env

PLAYER = Path(__file__).parents[3] / "unity_build" / "player" / "tank.x86_64"
AHEAD = np.ones((2, 2), np.float32)


@contextmanager
def tanks(render_mode: str | None = "rgb_array", **keys: Any) -> Iterator[VectorEnv]:
    settings = UnityRos(build_path=str(PLAYER), port=0, **keys)
    section = Environment(
        id="Tank", backend="unity_ros", n_environments=2, render_mode=render_mode, unity_ros=settings
    )
    env = make_vector_env(section, render=render_mode is not None)
    try:
        yield env
    finally:
        env.close()


@pytest.mark.parametrize("services", ["batch", "each"])
def test_pictures_show_the_first_environment(services: str) -> None:
    with tanks(services=services, arguments=["--services", services]) as env:
        env.reset(seed=3)
        (first,) = env.render()
        assert (first.shape, first.dtype) == ((160, 160, 3), np.uint8)
        for _ in range(3):
            env.step(AHEAD)
        assert (env.render()[0] != first).any()
        env.reset(seed=3)
        np.testing.assert_array_equal(env.render()[0], first)


@pytest.mark.parametrize("render_mode", [None, "human"])
def test_without_the_mode_there_are_none(render_mode: str | None) -> None:
    with tanks(render_mode) as env:
        env.reset(seed=3)
        assert env.render() == (None,)


def test_a_program_that_does_not_offer_them_is_none_the_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LockstepEndpoint, "offers", lambda self, service: False)
    with tanks() as env:
        env.reset(seed=3)
        assert env.render() == (None,)
        assert env.step(AHEAD)[0].shape == (2, 5)


def test_a_program_that_died_has_none_until_it_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    with tanks() as env:
        env.reset(seed=3)
        process = env.unwrapped._instances[0]._process  # type: ignore[attr-defined]
        os.kill(process.pid, signal.SIGKILL)
        process._process.wait()
        assert env.render() == (None,)
        assert "no picture" in caplog.text
        assert env.step(AHEAD)[3].all()
        assert env.render()[0] is not None
