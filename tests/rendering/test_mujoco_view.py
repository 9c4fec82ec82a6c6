from pathlib import Path

import pytest

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.rendering import mujoco_view
from rl_pipeline.rendering.gl import RenderingUnavailable, choose_gl_backend

try:
    choose_gl_backend()
except RenderingUnavailable as error:
    pytest.skip(str(error), allow_module_level=True)

import gymnasium
import mujoco


def camera_of(**kwargs: object) -> tuple[int, int]:
    """The camera that an environment films with, and the one that follows the robot."""
    env = gymnasium.make("HalfCheetah-v5", render_mode="rgb_array", **kwargs)
    renderer = env.unwrapped.mujoco_renderer
    mujoco_view.prepare_view(renderer)
    following = mujoco.mj_name2id(renderer.model, mujoco.mjtObj.mjOBJ_CAMERA, "track")
    env.close()
    return renderer.camera_id, following


def test_a_film_follows_the_robot() -> None:
    camera, following = camera_of()
    assert camera == following >= 0


def test_a_window_follows_the_robot_and_keeps_what_the_task_asks_for() -> None:
    env = gymnasium.make("HalfCheetah-v5", render_mode="rgb_array")
    renderer = env.unwrapped.mujoco_renderer
    mujoco_view.prepare_view(renderer)
    env.reset(seed=0)
    env.render()
    assert renderer.viewer.cam.type == mujoco.mjtCamera.mjCAMERA_FIXED
    assert renderer.viewer.cam.fixedcamid == renderer.camera_id
    assert renderer.viewer.cam.distance == 4.0  # HalfCheetah's own
    env.close()


def test_a_camera_that_the_user_chose_stays() -> None:
    assert camera_of(camera_id=0)[0] == 0


def test_a_machine_without_a_gpu_draws_more_simply(monkeypatch: pytest.MonkeyPatch) -> None:
    qualities = []
    for devices in ((), (Path("/"),)):
        monkeypatch.setattr(mujoco_view, "GPU_DEVICES", devices)
        monkeypatch.setenv("MUJOCO_GL", "egl")
        env = gymnasium.make("HalfCheetah-v5", render_mode="rgb_array")
        mujoco_view.prepare_view(env.unwrapped.mujoco_renderer)
        qualities.append(env.unwrapped.model.vis.quality.offsamples)
        env.close()
    assert qualities[0] == 0 < qualities[1]


@pytest.mark.parametrize("backend", ["gymnasium", "mujoco"])
def test_both_backends_keep_a_robot_that_runs_away_in_the_picture(backend: str) -> None:
    environment = Environment.model_validate({"id": "HalfCheetah-v5", "backend": backend})
    env = make_vector_env(environment, render=True)
    start = env.render()[0]
    for _ in range(60):
        env.step(env.action_space.sample())
    moved = env.render()[0]
    env.close()
    robot = [
        (frame[..., 0].astype(int) - frame[..., 2] > 40).sum() for frame in (start, moved)
    ]  # orange limbs
    assert min(robot) > 500
