"""The whole chain of wrappers on MuJoCo environments."""

from pathlib import Path
from typing import Any

import gymnasium
import imageio_ffmpeg
import numpy as np
import pytest
from gymnasium.vector import VectorEnv

from rl_pipeline.config.class_spec import ClassSpec
from rl_pipeline.config.environment import Environment, Normalize
from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from rl_pipeline.rendering.gl import RenderingUnavailable, choose_gl_backend
from rl_pipeline.wrappers.build import iterate_wrappers, wrap
from rl_pipeline.wrappers.time_limit import TimeLimit

N_ENVIRONMENTS = 3
WRAPPERS = [
    ClassSpec(name="action_noise", arguments={"std": 0.1}),
    ClassSpec(name="observation_noise", arguments={"std": 0.01}),
    ClassSpec(name="action_history", arguments={"n_actions": 2}),
    ClassSpec(name="frame_stack", arguments={"n_frames": 2}),
    ClassSpec(name="time_limit", arguments={"max_episode_steps": 20}),
]
SECTION = Environment(id="Hopper-v5").model_copy(
    update={"wrappers": WRAPPERS, "normalize": Normalize(observation=True, reward=True)}
)


def _make(environment_id: str = "Hopper-v5", n: int = N_ENVIRONMENTS, **kwargs: Any) -> VectorEnv:
    return InProcessVectorEnv([lambda: gymnasium.make(environment_id, **kwargs)] * n)


def _run(env: VectorEnv, n_steps: int, seed: int) -> list[Any]:
    generator = np.random.default_rng(seed)
    results = []
    for _ in range(n_steps):
        *result, infos = env.step(generator.uniform(-1, 1, env.action_space.shape).astype(np.float32))
        if "episode" in infos:
            done = infos["_episode"]
            result.append(infos["final_obs"][done])
            result += [values[done] for key, values in infos["episode"].items() if key != "t"]
        results.append(result)
    return results


def _states(env: VectorEnv) -> list[Any]:
    return [layer.state_dict() for layer in iterate_wrappers(env)]  # type: ignore[attr-defined]


def test_restored_chain_continues_to_the_bit() -> None:
    env = wrap(_make(), SECTION)
    env.reset(seed=0)
    _run(env, 33, seed=1)
    states = _states(env)
    expected = _run(env, 60, seed=2)

    restored = wrap(_make(), SECTION)
    restored.reset(seed=7)
    for layer, state in zip(iterate_wrappers(restored), states, strict=True):
        layer.load_state_dict(state)  # type: ignore[attr-defined]
    for step, expected_step in zip(_run(restored, 60, seed=2), expected, strict=True):
        for value, expected_value in zip(step, expected_step, strict=True):
            np.testing.assert_array_equal(value, expected_value)


def test_time_limit_resets_only_the_truncated() -> None:
    inner = _make("HalfCheetah-v5")
    env = TimeLimit(inner, max_episode_steps=20)
    env.reset(seed=0)
    env.elapsed_steps = np.array([0, 7, 13])  # so that the episodes end at different times
    first_lengths = 20 - env.elapsed_steps
    for step in range(1, 50):
        *_, truncated, infos = env.step(env.action_space.sample())
        lengths = np.where(step < first_lengths, step, (step - first_lengths) % 20)
        np.testing.assert_array_equal(inner.call("_elapsed_steps"), lengths)
        np.testing.assert_array_equal(truncated, lengths == 0)
        if truncated.any():
            np.testing.assert_array_equal(infos["_final_obs"], truncated)


def test_walked_distance_and_torques_are_reported() -> None:
    env = wrap(_make("HalfCheetah-v5", 2, max_episode_steps=30), Environment(id="HalfCheetah-v5"))
    env.reset(seed=0)
    positions = []
    for _ in range(30):
        infos = env.step(env.action_space.sample())[4]
        positions.append(infos["x_position"])
    episode = infos["episode"]
    np.testing.assert_array_equal(episode["distance"], positions[-1] - positions[0])
    np.testing.assert_allclose(episode["x_position_mean"], np.mean(positions, axis=0))
    speeds = (positions[-1] - positions[0]) / (29 * 0.05)  # HalfCheetah makes a step every 0.05 s
    np.testing.assert_allclose(episode["x_velocity_mean"], speeds, atol=0.2)


def test_film_shows_the_robot_move(tmp_path: Path) -> None:
    try:
        choose_gl_backend()
    except RenderingUnavailable as error:
        pytest.skip(str(error).splitlines()[0])
    cheetah = {"render_mode": "rgb_array", "width": 128, "height": 96}
    section = Environment(id="HalfCheetah-v5", video_wrapper=True, video_trigger=50, video_length=8)
    env = wrap(_make("HalfCheetah-v5", 1, **cheetah), section, video_folder=tmp_path)
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(8):
        env.step(env.action_space.sample())
    env.close()
    film = imageio_ffmpeg.read_frames(str(tmp_path / "step_000000000.mp4"))
    assert next(film)["fps"] == 20
    frames = [np.frombuffer(frame, np.uint8).reshape(96, 128, 3).astype(int) for frame in film]
    assert len(frames) == 9
    assert all(frame.std() > 20 for frame in frames)
    assert np.abs(frames[-1] - frames[0]).mean() > 2
