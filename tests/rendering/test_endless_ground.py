from typing import Any

import numpy as np
import pytest
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.rendering.gl import RenderingUnavailable, choose_gl_backend

try:
    choose_gl_backend()
except RenderingUnavailable as error:
    pytest.skip(str(error), allow_module_level=True)

import gymnasium
import mujoco
from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer

from rl_pipeline.rendering.mujoco_view import prepare_view

FAR = 200.0
"""Metres; the planes of Gymnasium's models end after 20 or 40."""


def renderer_of(environment_id: str, **kwargs: Any) -> tuple[Any, MujocoRenderer]:
    env = gymnasium.make(environment_id, render_mode="rgb_array", width=64, height=64, **kwargs).unwrapped
    env.reset(seed=0)
    prepare_view(env.mujoco_renderer)
    return env, env.mujoco_renderer


def picture_at(env: Any, x: float) -> NDArray[np.int64]:
    """Draw with the robot at x."""
    env.data.qpos[0] = x
    mujoco.mj_forward(env.model, env.data)
    return env.render().astype(np.int64)


def ground_of(picture: NDArray[np.int64]) -> NDArray[np.int64]:
    return picture[40:]


@pytest.mark.parametrize("environment_id", ["HalfCheetah-v5", "Ant-v5", "Humanoid-v5"])
def test_there_is_ground_far_from_the_start(environment_id: str) -> None:
    env, _ = renderer_of(environment_id)
    near, far = ground_of(picture_at(env, 0)), ground_of(picture_at(env, FAR))
    env.close()
    assert near.std() > 20  # black and white squares
    assert far.std() > 0.5 * near.std()


def test_a_picture_depends_on_no_earlier_one() -> None:
    env, _ = renderer_of("HalfCheetah-v5")
    first = picture_at(env, 500)
    picture_at(env, -500)
    again = picture_at(env, 500)
    env.close()
    np.testing.assert_array_equal(first, again)


def test_the_squares_of_the_ground_keep_their_size() -> None:
    def edges_of_squares(env: Any) -> int:
        row = picture_at(env, 0)[52, :, 0]
        return int((abs(np.diff(row > 60))).sum())

    env, renderer = renderer_of("HalfCheetah-v5")
    unchanged = gymnasium.make("HalfCheetah-v5", render_mode="rgb_array", width=64, height=64).unwrapped
    unchanged.reset(seed=0)
    unchanged.mujoco_renderer.camera_id = renderer.camera_id
    assert abs(edges_of_squares(env) - edges_of_squares(unchanged)) <= 1
    env.close()
    unchanged.close()


def test_the_ground_passes_by_without_jumps() -> None:
    env, _ = renderer_of("HalfCheetah-v5")
    two_squares = 80 / 60
    picture, same = picture_at(env, 100), picture_at(env, 100 + 5 * two_squares)
    other = picture_at(env, 100 + 5.5 * two_squares)
    env.close()
    assert abs(picture - same).mean() < 1 < 20 < abs(ground_of(picture) - ground_of(other)).mean()


def test_the_model_is_the_same_byte_for_byte_after_each_picture() -> None:
    env, _ = renderer_of("HalfCheetah-v5")
    before = model_bytes(env.model)
    env.render()
    assert model_bytes(env.model) == before
    env.close()


def model_bytes(model: mujoco.MjModel) -> bytes:
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return buffer.tobytes()


def test_the_model_is_the_same_after_a_picture_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no context")

    monkeypatch.setattr(MujocoRenderer, "_get_viewer", fail)
    env, renderer = renderer_of("HalfCheetah-v5")
    before = model_bytes(env.model)
    with pytest.raises(RuntimeError, match="no context"):
        renderer.render("rgb_array")
    assert model_bytes(env.model) == before


@pytest.mark.parametrize("backend", ["gymnasium", "mujoco"])
def test_a_filmed_robot_moves_like_one_that_is_not(backend: str) -> None:
    def trajectory(env: VectorEnv, *, film: bool) -> list[NDArray[np.float64]]:
        env.action_space.seed(0)
        observations = []
        for _ in range(20):
            observations.append(env.step(env.action_space.sample())[0].copy())
            if film:
                env.render()
        env.close()
        return observations

    section = Environment.model_validate({"id": "Walker2d-v5", "backend": backend})
    plain = trajectory(make_vector_env(section, seed=1), film=False)
    filmed = trajectory(make_vector_env(section, seed=1, render=True), film=True)
    np.testing.assert_array_equal(filmed, plain)


@pytest.mark.parametrize(("environment_id", "endless"), [("HalfCheetah-v5", True), ("Reacher-v5", False)])
def test_only_a_camera_that_follows_sees_ground_without_end(environment_id: str, endless: bool) -> None:
    env, renderer = renderer_of(environment_id)
    assert ("render" in vars(renderer)) is endless
    env.close()
