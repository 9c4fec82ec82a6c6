import numpy as np
from gymnasium import spaces

from tests.envs.mujoco.batches import make_batch

CAMERA = {"name": "front", "width": 32, "height": 24, "rgb": True, "depth": True}


def test_pictures_join_the_observation() -> None:
    batch = make_batch("Balancer-v0", 3, camera=CAMERA)
    observations, _ = batch.reset(seed=0)
    assert isinstance(batch.single_observation_space, spaces.Dict)
    assert observations in batch.observation_space
    assert observations["state"].shape == (3, 11)
    assert observations["rgb"].shape == (3, 24, 32, 3)
    assert observations["rgb"].dtype == np.uint8
    assert observations["depth"].shape == (3, 24, 32)
    assert observations["depth"].dtype == np.float32
    assert not np.array_equal(observations["rgb"][0], observations["rgb"][1])
    assert 0.0 < observations["depth"].min() < 2.0
    batch.close()


def test_final_and_first_pictures_of_finished_episodes() -> None:
    batch = make_batch("Balancer-v0", 2, camera=CAMERA | {"depth": False})
    batch.task.max_episode_steps = None
    batch.reset(seed=0)
    tilted = np.array([[1.0, 1.0], [0.0, 0.0]])
    for _ in range(100):
        observations, _, terminated, _, infos = batch.step(tilted)
        if terminated.any():
            break
    assert terminated.tolist() == [True, False]
    assert set(infos["final_obs"]) == {"state", "rgb"}
    assert not np.array_equal(infos["final_obs"]["rgb"][0], observations["rgb"][0])
    assert observations["state"][0, 2] > 0.9 > infos["final_obs"]["state"][0, 2]
    batch.close()


def test_one_kind_of_picture_is_enough() -> None:
    batch = make_batch("Ant-v5", 1, camera={"name": "track", "rgb": False, "depth": True})
    observations, _ = batch.reset(seed=0)
    assert set(observations) == {"state", "depth"}
    assert observations["depth"].shape == (1, 84, 84)
    batch.close()
