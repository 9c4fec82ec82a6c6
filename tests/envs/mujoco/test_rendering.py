import numpy as np
import pytest

from tests.envs.mujoco.batches import make_batch


def test_renders_simulation_zero() -> None:
    batch = make_batch("Balancer-v0", 2, render_mode="rgb_array")
    batch.reset(seed=0)
    (before,) = batch.render()
    assert before.shape == (480, 480, 3)
    assert before.dtype == np.uint8
    batch.reset(seed=1, options={"reset_mask": np.array([False, True])})
    np.testing.assert_array_equal(batch.render()[0], before)
    for _ in range(10):
        batch.step(np.ones((2, 2)))
    assert not np.array_equal(batch.render()[0], before)
    batch.close()


@pytest.mark.parametrize(("render_mode", "dtype"), [("rgb_array", np.uint8), ("depth_array", np.float32)])
def test_size_and_camera_come_from_the_arguments(render_mode: str, dtype: type) -> None:
    batch = make_batch("Ant-v5", 1, render_mode=render_mode, width=64, height=48, camera_name="track")
    batch.reset(seed=0)
    (frame,) = batch.render()
    assert frame.shape[:2] == (48, 64)
    assert frame.dtype == dtype
    batch.close()


def test_renders_nothing_without_a_render_mode() -> None:
    batch = make_batch("Ant-v5", 2)
    batch.reset(seed=0)
    assert batch.render() == (None,)
