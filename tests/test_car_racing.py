"""The environment of configs/car_racing_ppo.yaml against Gymnasium's own."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import gymnasium
import numpy as np
import pytest

FILE = Path(__file__).parents[1] / "configs" / "car_racing.py"


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("car_racing", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def env(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[gymnasium.Env]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = module.CarRacing(render_mode="rgb_array")
    yield env
    env.close()


def small(picture: np.ndarray) -> np.ndarray:
    return picture.mean(axis=2).reshape(48, 2, 48, 2).mean(axis=(1, 3)).astype(np.uint8)[..., None]


def test_an_action_is_held_for_four_frames_of_the_race(env: gymnasium.Env) -> None:
    original = gymnasium.make("CarRacing-v3").unwrapped
    observation, _ = env.reset(seed=3)
    first, _ = original.reset(seed=3)
    assert np.array_equal(observation, small(first))
    rng = np.random.default_rng(0)
    for _ in range(10):
        action = env.action_space.low + rng.random(3, np.float32) * (
            env.action_space.high - env.action_space.low
        )
        observation, reward, terminated, truncated, info = env.step(action)
        frames = [original.step(action) for _ in range(4)]
        assert np.array_equal(observation, small(frames[-1][0]))
        assert reward == pytest.approx(sum(frame[1] for frame in frames))
        assert (terminated, truncated, info) == (False, False, {"is_success": False})
    original.close()


def test_it_is_filmed_in_colour_at_the_speed_of_the_race(env: gymnasium.Env) -> None:
    env.reset(seed=3)
    picture = env.render()
    assert isinstance(picture, np.ndarray)
    assert picture.shape == (400, 600, 3)
    assert env.metadata["render_fps"] == 12.5


def test_a_car_far_from_the_track_ends_the_episode(env: gymnasium.Env, module: ModuleType) -> None:
    env.reset(seed=3)
    car = env.unwrapped.car  # type: ignore[attr-defined]
    for body in (car.hull, *car.wheels):
        body.position += (2 * module.car_racing.PLAYFIELD, 0.0)
    _, reward, terminated, _, info = env.step(np.zeros(3, np.float32))
    assert terminated
    assert reward == -100.0
    assert info == {"is_success": False}
